namespace KdKernels.Core.Tests;

/// <summary>Views of CUDA memory that nobody reads.</summary>
internal static class CudaView
{
    private const nint Student = 0x10_0000;
    private const nint Step = 0x10_0000;

    public static KdDevice Device => KdDevice.Cuda(0);

    /// <summary>Contiguous rows at the n-th place.</summary>
    public static RowsView Rows(int place, long rows, long classes, KdElementType type = KdElementType.Float32) =>
        RowsView.Contiguous(Student + (place * Step), type, rows, classes) with { Device = Device };

    /// <summary>One value per row.</summary>
    public static RowsView PerRow(int place, long rows, KdElementType type = KdElementType.Float32) =>
        RowsView.PerRow(Student + (place * Step), type, rows, 1, 1, 1) with { Device = Device };

    public static RowsView Scalar(int place, KdElementType type = KdElementType.Float32) =>
        RowsView.Scalar(Student + (place * Step), type) with { Device = Device };

    public static RowsView Vector(int place, long length, KdElementType type = KdElementType.Float32) =>
        RowsView.Vector(Student + (place * Step), type, length) with { Device = Device };

    /// <summary>[N, C, H, W] with H*W = <paramref name="pixels"/>.</summary>
    public static RowsView Images(int place, long images, long classes, long pixels) =>
        new(Student + (place * Step), KdElementType.Float32, images, pixels, classes, classes * pixels, 1, pixels)
        {
            Device = Device,
        };
}
