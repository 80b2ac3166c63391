using System.Globalization;

namespace KdKernels.Core;

/// <summary>What a PTX text asks of the device and of the driver.</summary>
internal static class PtxTarget
{
    /// <summary>
    /// Whether PTX for a target runs on a device. A plain target runs on everything newer; one with a letter
    /// (<c>sm_90a</c>) only on its own architecture.
    /// </summary>
    /// <param name="target">For example <c>sm_80</c>.</param>
    /// <param name="capability">The device's compute capability, 10 * major + minor.</param>
    public static bool Runs(string target, int capability)
    {
        ReadOnlySpan<char> number = target.AsSpan("sm_".Length);
        bool isSpecific = char.IsAsciiLetter(number[^1]);
        int least = int.Parse(isSpecific ? number[..^1] : number, CultureInfo.InvariantCulture);
        return isSpecific ? capability == least : capability >= least;
    }

    /// <summary>
    /// The oldest CUDA whose driver reads the text's PTX version, in the driver's counting (11080 is CUDA 11.8).
    /// </summary>
    public static int LeastDriver(string ptx)
    {
        (int major, int minor) = Version(ptx);
        // From NVIDIA's release history of PTX: 6.x belongs to CUDA 9 and 10, 8.6 skips ahead to 12.7.
        return (major, minor) switch
        {
            (6, <= 2) => 9000 + (10 * minor),
            (6, _) => 10000 + (10 * (minor - 3)),
            (8, >= 6) => 12000 + (10 * (minor + 1)),
            _ => (1000 * (major + 4)) + (10 * minor),
        };
    }

    private static (int Major, int Minor) Version(string ptx)
    {
        const string directive = ".version";
        foreach (ReadOnlySpan<char> line in ptx.AsSpan().EnumerateLines())
        {
            ReadOnlySpan<char> text = line.Trim();
            if (!text.StartsWith(directive, StringComparison.Ordinal)) continue;
            ReadOnlySpan<char> version = text[directive.Length..].Trim();
            int dot = version.IndexOf('.');
            if (dot > 0
                && int.TryParse(version[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out int major)
                && int.TryParse(version[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int minor))
            {
                return (major, minor);
            }
        }

        throw new InvalidDataException("the kernel's PTX has no .version line");
    }
}
