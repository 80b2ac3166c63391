using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>Rows of classes, one after the other.</summary>
internal sealed record RowShape(int Rows, int Classes)
{
    public override string ToString() => $"[{Rows},{Classes}]";
}

/// <summary>Shapes that together reach every kind of kernel, the edges between them, and grids with more tiles than
/// blocks.</summary>
internal static class Shapes
{
    public static ScalarType[] Types(TestSession session) =>
        session.OnCuda ? [ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16] : [ScalarType.Float32];

    public static IEnumerable<RowShape> Rows(bool quick)
    {
        if (quick) return [new(3, 100), new(37, 1000), new(3, 4097), new(2, 32000), new(2, 70000)];
        int[] classes =
        [
            1, 2, 7, 31, 32, 33, 100, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1000, 1023, 1024, 1025, 2048, 4095, 4096, 4097,
            8192, 8193, 16384, 16385, 21841, 32000, 32768, 32769, 50257, 65536, 65537, 128256, 151936,
        ];
        return
        [
            .. classes.Select(c => new RowShape(c <= 1025 ? 37 : c <= 4097 ? 19 : c <= 32769 ? 7 : 3, c)),
            new(1, 1000), new(0, 10), new(5000, 100), new(20000, 10), new(2000, 1000), new(600, 4096), new(400, 32000),
        ];
    }

    /// <summary>Few rows of many classes without a gradient: the rows are split among blocks.</summary>
    public static IEnumerable<RowShape> Split(bool quick) =>
        quick ? [new(2, 70001)] : [new(1, 65536), new(2, 131077), new(3, 200000), new(4, 1048576)];

    /// <summary>[N, C, H, W] with the classes in dimension 1.</summary>
    public static IEnumerable<(int N, int C, int H, int W)> Pixels(bool quick) =>
        quick ? [(2, 5, 7, 9)] : [(2, 21, 16, 17), (3, 5, 33, 7), (1, 19, 128, 128), (2, 150, 20, 20), (1, 2, 1, 3),
            (64, 21, 64, 64)];
}
