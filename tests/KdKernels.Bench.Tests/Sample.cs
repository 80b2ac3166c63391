using System.Text.Json;

namespace KdKernels.Bench.Tests;

/// <summary>Record files with round numbers that no machine would give: they test the pages, and say nothing about a
/// GPU.</summary>
internal static class Sample
{
    public const string Gpu = "Synthetic 9000";

    public static string[] File(string gpu = Gpu, string utc = "2000-01-02T03:04:05Z", string fingerprint = "abc") =>
    [
        $$$"""{"machine": {"id": "abc", "gpu": "{{{gpu}}}", "driver": "1.0", "utc": "{{{utc}}}", "copy_gb_per_s": 1000, "read_gb_per_s": 1100, "versions": {"torch": "2.0", "liger-kernel": "absent"}, "build": {"commit": "f00"}}, "state": {}}""",
        Record("kdkernels", 100, 80, fingerprint),
        Record("eager", 800, 10, fingerprint),
        Record("torch.compile-default", 300, 26.67, fingerprint),
        Record("torch.compile-reduce-overhead", 400, 20, fingerprint),
        Record("triton", 150, null, fingerprint),
        """{"case": "x", "provider": "liger", "error": "not installed", "fingerprint": "abc"}""",
        """{"end": {}, "not_measured": [], "failures": [], "fingerprint": "abc"}""",
    ];

    public static string Record(string provider, double microseconds, double? share, string fingerprint,
        long bytes = 400_000_000) =>
        JsonSerializer.Serialize(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["op"] = "tempered-kl",
            ["shape"] = new[] { 1000, 50000 },
            ["dtype"] = "bfloat16",
            ["mode"] = "forward+gradient",
            ["provider"] = provider,
            ["p20_us"] = microseconds,
            ["p50_us"] = microseconds,
            ["p80_us"] = microseconds,
            ["launches"] = 1.0,
            ["bytes_min"] = bytes,
            ["pct_copy"] = share,
            ["host_us"] = 5.0,
            ["rel_err"] = null,
            ["grad_rel_err"] = 1e-3,
            ["peak_extra_bytes"] = 1,
            ["cache"] = "cold",
            ["fingerprint"] = fingerprint,
        });
}
