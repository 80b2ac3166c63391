using System.Reflection;

namespace KdKernels.Distillation.Tests.Data;

/// <summary>
/// Files that an independent encoder wrote: PNG by libpng 1.6.39, JPEG by libjpeg-turbo's classic interface.
/// </summary>
internal static class Fixture
{
    private const string Prefix = "fixtures/";

    public static byte[] Read(string name)
    {
        using Stream stream = typeof(Fixture).Assembly.GetManifestResourceStream(Prefix + name)
            ?? throw new InvalidOperationException($"expected the fixture {name} but there is none");
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    public static IReadOnlyList<string> Names(string extension) =>
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(
                extension, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..])
            .Order(StringComparer.Ordinal),
    ];
}
