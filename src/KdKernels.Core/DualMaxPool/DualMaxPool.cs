namespace KdKernels.Core;

/// <summary>
/// Max pooling of dual numbers: of a stack [x; v_1; …; v_K] of images, the maximum of x over each window, and each tangent's
/// element at the position of that maximum. The position is torch's: the first of equal maxima, the last NaN where there is
/// one, the first element where all are −inf. An upstream gradient of the stack goes back to where each value came from;
/// windows that overlap add up in the order of the outputs; on CUDA at most 64 may contain one element. Planes are independent
/// of each other, so the bits depend on nothing else.
/// </summary>
public static class DualMaxPool
{
    /// <summary>Writes the pooled stack.</summary>
    /// <param name="stack">
    /// [1 + K, planes, height · width], a plane being a channel of a sample, planes contiguous: Float32 or Float64 on the
    /// CPU; Float32, Float16 or BFloat16 on CUDA.
    /// </param>
    /// <param name="settings">The sizes.</param>
    /// <param name="result">[1 + K, planes, output height · width] of the same element type, planes contiguous.</param>
    /// <param name="queue">Where the kernels go when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type, stride or size is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Forward(
        RowsView stack, in DualMaxPoolSettings settings, RowsView result, CudaQueue? queue = null)
    {
        CheckInputs(stack, settings);
        Guard.IsOutput(
            result, stack.ElementType, stack.Outer, stack.Inner, OutputLength(settings), stack.Device);
        Guard.IsContiguous(result);
        if (stack.Device.Type == KdDeviceType.Cuda)
            DualMaxPoolCuda.Run(stack, settings, result, gradient: null, queue);
        else
            DualMaxPoolCpu.Run(stack, settings, result, backward: false);
    }

    /// <summary>Finds the maxima again and writes the gradient of the stack.</summary>
    /// <inheritdoc cref="Forward" path="/param[@name!='result']"/>
    /// <inheritdoc cref="Forward" path="/exception"/>
    /// <param name="upstream">Gradient of the result, with its shape, planes contiguous or all of it one number (strides
    /// of 0).</param>
    /// <param name="stackGradient">The stack's shape and element type, planes contiguous.</param>
    public static void Backward(
        RowsView stack,
        in DualMaxPoolSettings settings,
        RowsView upstream,
        RowsView stackGradient,
        CudaQueue? queue = null)
    {
        CheckInputs(stack, settings);
        Guard.HasShape(
            upstream, stack.ElementType, stack.Outer, stack.Inner, OutputLength(settings), stack.Device);
        if (!Guard.IsConstant(upstream)) Guard.IsContiguous(upstream);
        Guard.IsGradient(stackGradient, stack);
        Guard.IsContiguous(stackGradient);
        if (stack.Device.Type == KdDeviceType.Cuda)
            DualMaxPoolCuda.Run(stack, settings, upstream, stackGradient, queue);
        else
            DualMaxPoolCpu.Run(stack, settings, upstream, backward: true, stackGradient);
    }

    private static long OutputLength(in DualMaxPoolSettings settings) =>
        (long)settings.Output.Height * settings.Output.Width;

    private static void CheckInputs(RowsView stack, in DualMaxPoolSettings settings)
    {
        Guard.IsOperand(stack);
        Guard.IsContiguous(stack);
        (PoolSize image, PoolSize kernel, PoolSize padding) = (settings.Image, settings.Kernel, settings.Padding);
        if (stack.Outer < 1 || image.Height < 1 || image.Width < 1 || stack.Length != (long)image.Height * image.Width)
        {
            throw new ArgumentException(
                $"expected shape [1 + tangents, planes, {image.Height} x {image.Width}] but got {stack.Shape}", nameof(stack));
        }

        if (stack.Length > int.MaxValue)
            throw new ArgumentException($"expected planes of less than 2^31 elements but got {stack.Shape}", nameof(stack));
        IsPositive(kernel, "kernel");
        IsPositive(settings.Stride, "stride");
        IsPositive(settings.Dilation, "dilation");
        if (padding.Height < 0 || padding.Width < 0 || padding.Height > kernel.Height / 2 || padding.Width > kernel.Width / 2)
        {
            throw new ArgumentException(
                $"expected a padding of at most half the kernel {kernel.Height} x {kernel.Width} but got "
                + $"{padding.Height} x {padding.Width}",
                nameof(settings));
        }

        if (settings.Output is not { Height: > 0, Width: > 0 })
        {
            throw new ArgumentException(
                $"expected images that a window fits into but got {image.Height} x {image.Width}", nameof(settings));
        }
    }

    private static void IsPositive(PoolSize size, string name)
    {
        if (size.Height < 1 || size.Width < 1)
        {
            throw new ArgumentException(
                $"expected a {name} of 1 or more but got {size.Height} x {size.Width}", "settings");
        }
    }
}
