namespace KdKernels.Core;

/// <summary>A number for rows and one for columns.</summary>
/// <param name="Height">For rows.</param>
/// <param name="Width">For columns.</param>
public readonly record struct PoolSize(int Height, int Width);

/// <summary>What <see cref="DualMaxPool"/> computes, apart from its operands; as torch's max_pool2d takes it.</summary>
/// <param name="Image">Size of the input.</param>
/// <param name="Kernel">Size of a window: 1 or more.</param>
/// <param name="Stride">From one window to the next: 1 or more.</param>
/// <param name="Padding">−∞ on every side: at most half of the window.</param>
/// <param name="Dilation">From one element of a window to the next: 1 or more.</param>
/// <param name="Ceiling">Whether a last, partial window counts.</param>
public readonly record struct DualMaxPoolSettings(
    PoolSize Image, PoolSize Kernel, PoolSize Stride, PoolSize Padding, PoolSize Dilation, bool Ceiling)
{
    /// <summary>Size of the output: 0 or less where no window fits.</summary>
    public PoolSize Output => new(
        Outputs(Image.Height, Kernel.Height, Stride.Height, Padding.Height, Dilation.Height, Ceiling),
        Outputs(Image.Width, Kernel.Width, Stride.Width, Padding.Width, Dilation.Width, Ceiling));

    private static int Outputs(long size, long kernel, long stride, long padding, long dilation, bool ceiling)
    {
        long room = size + (2 * padding) - (dilation * (kernel - 1)) - 1;
        if (room < 0) return 0;
        long outputs = ((room + (ceiling ? stride - 1 : 0)) / stride) + 1;
        // The last window must start within the image or the padding before it.
        if (ceiling && (outputs - 1) * stride >= size + padding) outputs--;
        return (int)outputs;
    }
}
