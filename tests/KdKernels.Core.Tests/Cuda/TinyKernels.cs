using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace KdKernels.Core.Tests;

/// <summary>A made-up kernels/ptx: every kind, texts of two lines.</summary>
internal static class TinyKernels
{
    private static readonly string[] Types = ["float32", "float16", "bfloat16"];

    private static readonly (string Name, string Kind, int Threads, int MaxClasses)[] Variants =
    [
        ("warp-4", "warp", 256, 512),
        ("warp-8", "warp", 256, 1024),
        ("block-8", "block", 512, 16384),
        ("block-16", "block", 512, 32768),
        ("stream", "stream", 1024, 0),
        ("split", "split", 512, 0),
        ("pixels", "pixels", 128, 0),
        ("general", "general", 256, 0),
    ];

    /// <summary>The text of a kernel.</summary>
    public static string Ptx(string entry, string version = "7.8") =>
        $"// made up\n.version {version}\n.target sm_75\n.visible .entry {entry}()\n";

    /// <summary>All variants of the three ops for all types, without those that are left out.</summary>
    public static PtxLibrary Library(
        string ptxVersion = "7.8",
        Func<string, bool>? without = null,
        Func<string, string>? targetOf = null,
        int extraBytes = 0,
        Action<Dictionary<string, byte[]>>? spoil = null)
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        object Kernel(string stem, string name, string kind, string type, int threads, int maxClasses, int bytes)
        {
            string file = $"{stem}/{name}.ptx";
            string entry = $"{stem}_{name}".Replace('-', '_');
            files[file] = Encoding.UTF8.GetBytes(Ptx(entry, ptxVersion));
            return new
            {
                name,
                kind,
                elementType = type,
                file,
                sha256 = Convert.ToHexStringLower(SHA256.HashData(files[file])),
                entry,
                target = targetOf?.Invoke(name) ?? "sm_75",
                threads,
                maxClasses,
                sharedBytes = 128,
                parameters = new[]
                {
                    new { type = "Arguments", bytes = bytes + extraBytes, fields = Array.Empty<object>() },
                },
                ptxas = (object?)null,
            };
        }

        object Stem(string stem, int bytes)
        {
            var kernels = new List<object>();
            foreach (string type in Types)
            {
                foreach ((string variant, string kind, int threads, int maxClasses) in Variants)
                {
                    string name = $"{type}-{variant}";
                    if (without?.Invoke(name) != true)
                        kernels.Add(Kernel(stem, name, kind, type, threads, maxClasses, bytes));
                }
            }

            if (stem == nameof(TemperedKl))
                kernels.Add(Kernel(stem, "count", "count", "int64", 256, 0, Unsafe.SizeOf<CountArguments>()));
            return new { stem, sources = "", kernels };
        }

        byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            format = 1,
            compiler = "made up",
            assembler = (string?)null,
            stems = new[]
            {
                Stem(nameof(TemperedKl), Unsafe.SizeOf<KlArguments>()),
                Stem(nameof(HintonLoss), Unsafe.SizeOf<KlArguments>()),
                Stem(nameof(SoftmaxEntropy), Unsafe.SizeOf<EntropyArguments>()),
            },
        });
        files["manifest.json"] = manifest;
        spoil?.Invoke(files);
        return new PtxLibrary(path => files.GetValueOrDefault(path));
    }
}
