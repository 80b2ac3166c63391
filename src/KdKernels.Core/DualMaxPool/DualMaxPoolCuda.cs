namespace KdKernels.Core;

/// <summary>DualMaxPool on a GPU: one launch, forward or backward.</summary>
internal static class DualMaxPoolCuda
{
    /// <summary>Windows that may contain one element: backward keeps a bit for each.</summary>
    public const long MostWindows = 64;

    private const string Forward = "forward";
    private const string Backward = "backward";
    private const long ElementsPerTile = 256;

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="stack">The images.</param>
    /// <param name="settings">The sizes.</param>
    /// <param name="pooled">The result; in backward, its gradient.</param>
    /// <param name="gradient">The gradient of the stack; null forward.</param>
    /// <param name="queue">Where the work goes.</param>
    /// <exception cref="ArgumentException">More windows overlap than there are bits for.</exception>
    public static void Run(
        RowsView stack, in DualMaxPoolSettings settings, RowsView pooled, RowsView? gradient, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(stack.Device, queue);
        CudaGuard.IsAddress(stack, "stack");
        CudaGuard.IsAddress(pooled, gradient is null ? "result" : "upstream");
        CudaGuard.IsAddress(gradient, "stackGradient");
        CudaGuard.IsCount(stack.Outer, "blocks");
        long high = Windows(settings.Kernel.Height, settings.Stride.Height, settings.Dilation.Height);
        long wide = Windows(settings.Kernel.Width, settings.Stride.Width, settings.Dilation.Width);
        if (gradient is not null && high * wide > MostWindows)
        {
            throw new ArgumentException(
                $"expected at most {MostWindows} windows over one element for a gradient on CUDA but got {high} x {wide}",
                nameof(settings));
        }

        if (stack.Inner == 0) return;
        CudaDevice device = CudaSession.DeviceOf(target);
        CudaKernel kernel = KernelChoice.Find(
            device, nameof(DualMaxPool), stack.ElementType, gradient is null ? Forward : Backward);
        bool constant = gradient is not null && Guard.IsConstant(pooled);
        using var session = CudaSession.Begin(target, partialSlots: 0);
        long elements = stack.Inner * (gradient is null ? pooled.Length : stack.Length);
        session.Launch(kernel, (elements + ElementsPerTile - 1) / ElementsPerTile, new PoolArguments
        {
            Stack = DeviceView.Of(stack),
            Pooled = DeviceView.Of(pooled),
            Gradient = DeviceView.Of(gradient),
            StackBlock = stack.OuterStride,
            StackPlane = stack.InnerStride,
            PooledBlock = constant ? 0 : pooled.OuterStride,
            PooledPlane = constant ? 0 : pooled.InnerStride,
            GradientBlock = gradient?.OuterStride ?? 0,
            GradientPlane = gradient?.InnerStride ?? 0,
            Planes = stack.Inner,
            Blocks = (int)stack.Outer,
            Height = settings.Image.Height,
            Width = settings.Image.Width,
            OutputHeight = settings.Output.Height,
            OutputWidth = settings.Output.Width,
            KernelHeight = settings.Kernel.Height,
            KernelWidth = settings.Kernel.Width,
            StrideHeight = settings.Stride.Height,
            StrideWidth = settings.Stride.Width,
            PaddingHeight = settings.Padding.Height,
            PaddingWidth = settings.Padding.Width,
            DilationHeight = settings.Dilation.Height,
            DilationWidth = settings.Dilation.Width,
            WindowsHigh = (int)Math.Min(high, int.MaxValue),
            WindowsWide = (int)Math.Min(wide, int.MaxValue),
            Constant = constant ? 1 : 0,
        });
    }

    /// <summary>Windows along one axis between the first that can contain an element and the last.</summary>
    private static long Windows(long kernel, long stride, long dilation) => (dilation * (kernel - 1) / stride) + 1;
}
