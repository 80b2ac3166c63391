using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>
/// Plane by plane: the positions of the maxima once, from the primal; then that plane of every block is gathered from there,
/// or its gradient scattered there.
/// </summary>
internal sealed unsafe class PoolWork<T>(
    RowsView stack, DualMaxPoolSettings settings, RowsView pooled, bool backward, RowsView gradient) : ChunkedWork
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly ChunkPlan plan = DualMaxPoolCpu.PlanOf(stack);
    private readonly PoolSize output = settings.Output;

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        int* positions = (int*)Scratch.Get(ScratchUse.Kernel, (pooled.Length * (sizeof(int) + sizeof(T))) + sizeof(T));
        // Aligned for T by an address that is a multiple of its size.
        var constant = (T*)(((nint)(positions + pooled.Length) + sizeof(T) - 1) / sizeof(T) * sizeof(T));
        for (long plane = first; plane < end; plane++)
        {
            FindMaxima(At(stack, 0, plane), positions);
            for (long block = 0; block < stack.Outer; block++)
            {
                if (backward)
                    Scatter(
                        RowBuffers<T>.Input(pooled, (block * pooled.Inner) + plane, constant),
                        positions,
                        At(gradient, block, plane));
                else
                    Gather(At(stack, block, plane), positions, At(pooled, block, plane));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FindMaxima(T* x, int* positions)
    {
        for (int row = 0; row < output.Height; row++)
        {
            (int top, int bottom) = Range(
                row, settings.Stride.Height, settings.Padding.Height, settings.Dilation.Height, settings.Kernel.Height,
                settings.Image.Height);
            for (int column = 0; column < output.Width; column++)
            {
                (int left, int right) = Range(
                    column, settings.Stride.Width, settings.Padding.Width, settings.Dilation.Width, settings.Kernel.Width,
                    settings.Image.Width);
                int best = (top * settings.Image.Width) + left;
                for (int i = top; i < bottom; i += settings.Dilation.Height)
                {
                    for (int j = left; j < right; j += settings.Dilation.Width)
                    {
                        // Which element is the larger one no processor predicts; so no branch, but a mask of all ones or none.
                        int at = (i * settings.Image.Width) + j;
                        bool larger = (x[at] > x[best]) | T.IsNaN(x[at]);
                        best ^= (best ^ at) & -Unsafe.BitCast<bool, byte>(larger);
                    }
                }

                *positions++ = best;
            }
        }
    }

    /// <summary>The part of a window that lies within the image.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (int First, int End) Range(int index, int stride, int padding, int dilation, int kernel, int size)
    {
        int first = (index * stride) - padding;
        int end = Math.Min(size, first + (dilation * (kernel - 1)) + 1);
        if (first < 0) first += (-first + dilation - 1) / dilation * dilation;
        return (first, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Gather(T* source, int* positions, T* target)
    {
        for (long i = 0; i < pooled.Length; i++) target[i] = source[positions[i]];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scatter(T* source, int* positions, T* target)
    {
        NativeMemory.Clear(target, (nuint)(stack.Length * sizeof(T)));
        for (long i = 0; i < pooled.Length; i++) target[positions[i]] += source[i];
    }

    private static T* At(in RowsView view, long block, long plane) =>
        (T*)view.Data + (block * view.OuterStride) + (plane * view.InnerStride);
}
