using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Dual;

/// <summary>The one parameter of every kernel of DualMaxPool; the launcher has its mirror image.</summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct PoolArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Stack;

    /// <summary>The pooled stack; in backward, its gradient.</summary>
    public ArrayView<T> Pooled;

    /// <summary>Backward only.</summary>
    public ArrayView<T> Gradient;

    /// <summary>From one block of the stack to the next, and from plane to plane.</summary>
    public long StackBlock;
    public long StackPlane;
    public long PooledBlock;
    public long PooledPlane;
    public long GradientBlock;
    public long GradientPlane;
    public long Planes;
    public int Blocks;
    public int Height;
    public int Width;
    public int OutputHeight;
    public int OutputWidth;
    public int KernelHeight;
    public int KernelWidth;
    public int StrideHeight;
    public int StrideWidth;
    public int PaddingHeight;
    public int PaddingWidth;
    public int DilationHeight;
    public int DilationWidth;

    /// <summary>Rows and columns of windows that can contain an element; their product is at most 64.</summary>
    public int WindowsHigh;
    public int WindowsWide;

    /// <summary>1: all of the pooled gradient is its first element.</summary>
    public int Constant;
}

/// <summary>
/// The kernels of DualMaxPool. The place of a maximum is found once, from the primal, and serves all blocks. Backward gathers: an
/// element adds up the gradients of the windows whose maximum it is, in the order of the outputs, without atomics.
/// </summary>
public static class PoolKernels
{
    /// <summary>A thread for each output of the primal.</summary>
    public static void Forwards<T, TElement>(PoolArguments<T> a)
        where T : unmanaged
        where TElement : struct, IQuadElement<T>
    {
        TElement element = default;
        int outputs = a.OutputHeight * a.OutputWidth;
        long count = a.Planes * outputs;
        for (long i = ((long)Grid.IdxX << 8) + Group.IdxX; i < count; i += (long)Grid.DimX << 8)
        {
            var place = RowIndex.Of(i, outputs);
            int output = (int)place.Inner;
            int row = output / a.OutputWidth;
            var x = a.Stack.SubView(place.Outer * a.StackPlane);
            int best = Largest<T, TElement>(a, x, row, output - (row * a.OutputWidth));
            var from = x.SubView(best);
            var to = a.Pooled.SubView((place.Outer * a.PooledPlane) + output);
            int block = 0;
            for (; block + 3 < a.Blocks; block += 4)
            {
                float v0 = element.Load(ref from[0]);
                float v1 = element.Load(ref from[a.StackBlock]);
                float v2 = element.Load(ref from[2 * a.StackBlock]);
                float v3 = element.Load(ref from[3 * a.StackBlock]);
                element.Store(ref to[0], v0);
                element.Store(ref to[a.PooledBlock], v1);
                element.Store(ref to[2 * a.PooledBlock], v2);
                element.Store(ref to[3 * a.PooledBlock], v3);
                from = from.SubView(4 * a.StackBlock);
                to = to.SubView(4 * a.PooledBlock);
            }
            for (; block < a.Blocks; block++)
            {
                element.Store(ref to[0], element.Load(ref from[0]));
                from = from.SubView(a.StackBlock);
                to = to.SubView(a.PooledBlock);
            }
        }
    }

    /// <summary>A thread for each element of the primal.</summary>
    public static void Backwards<T, TElement>(PoolArguments<T> a)
        where T : unmanaged
        where TElement : struct, IQuadElement<T>
    {
        TElement element = default;
        int elements = a.Height * a.Width;
        long count = a.Planes * elements;
        for (long i = ((long)Grid.IdxX << 8) + Group.IdxX; i < count; i += (long)Grid.DimX << 8)
        {
            var place = RowIndex.Of(i, elements);
            int own = (int)place.Inner;
            int row = own / a.Width;
            int column = own - (row * a.Width);
            int firstRow = FirstWindow(row + a.PaddingHeight, a.KernelHeight, a.StrideHeight, a.DilationHeight);
            int firstColumn = FirstWindow(column + a.PaddingWidth, a.KernelWidth, a.StrideWidth, a.DilationWidth);
            var x = a.Stack.SubView(place.Outer * a.StackPlane);
            // Almost every element is the maximum of few windows: four are kept as places, all of them as bits.
            ulong mine = 0;
            ulong bit = 1;
            int found = 0;
            int first = -1;
            int second = -1;
            int third = -1;
            int fourth = -1;
            for (int r = firstRow; r < firstRow + a.WindowsHigh; r++)
            {
                for (int c = firstColumn; c < firstColumn + a.WindowsWide; c++)
                {
                    bool begins = (r * a.StrideHeight) - a.PaddingHeight <= row & (c * a.StrideWidth) - a.PaddingWidth <= column;
                    if (begins & r < a.OutputHeight & c < a.OutputWidth)
                    {
                        bool isMine = Largest<T, TElement>(a, x, r, c) == own;
                        int at = a.Constant != 0 ? 0 : ((r - firstRow) * a.OutputWidth) + (c - firstColumn);
                        mine |= isMine ? bit : 0;
                        first = isMine & found == 0 ? at : first;
                        second = isMine & found == 1 ? at : second;
                        third = isMine & found == 2 ? at : third;
                        fourth = isMine & found == 3 ? at : fourth;
                        found += isMine ? 1 : 0;
                    }
                    bit <<= 1;
                }
            }

            var from = a.Pooled.SubView(
                a.Constant != 0 ? 0 : (place.Outer * a.PooledPlane) + ((long)firstRow * a.OutputWidth) + firstColumn);
            var to = a.Gradient.SubView((place.Outer * a.GradientPlane) + own);
            for (int block = 0; block < a.Blocks & found <= 4; block++)
            {
                float sum = 0f;
                if (first >= 0) sum = element.Load(ref from[first]);
                if (second >= 0) sum += element.Load(ref from[second]);
                if (third >= 0) sum += element.Load(ref from[third]);
                if (fourth >= 0) sum += element.Load(ref from[fourth]);
                element.Store(ref to[0], sum);
                from = from.SubView(a.PooledBlock);
                to = to.SubView(a.GradientBlock);
            }
            for (int block = 0; block < a.Blocks & found > 4; block++)
            {
                float sum = 0f;
                ulong left = mine;
                for (int r = 0; r < a.WindowsHigh; r++)
                {
                    for (int c = 0; c < a.WindowsWide; c++)
                    {
                        if ((left & 1) != 0) sum += element.Load(ref from[a.Constant != 0 ? 0 : (r * a.OutputWidth) + c]);
                        left >>= 1;
                    }
                }
                element.Store(ref to[0], sum);
                from = from.SubView(a.PooledBlock);
                to = to.SubView(a.GradientBlock);
            }
        }
    }

    /// <summary>The place in its plane of a window's maximum: the first of equal ones, the last NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Largest<T, TElement>(in PoolArguments<T> a, ArrayView<T> x, int row, int column)
        where T : unmanaged
        where TElement : struct, IQuadElement<T>
    {
        int top = (row * a.StrideHeight) - a.PaddingHeight;
        int left = (column * a.StrideWidth) - a.PaddingWidth;
        int best = -1;
        float largest = float.NegativeInfinity;
        for (int i = 0; i < a.KernelHeight; i++)
        {
            int y = top + (i * a.DilationHeight);
            for (int j = 0; j < a.KernelWidth; j++)
            {
                int z = left + (j * a.DilationWidth);
                if (y >= 0 & y < a.Height & z >= 0 & z < a.Width)
                {
                    int at = (y * a.Width) + z;
                    float value = default(TElement).Load(ref x[at]);
                    // A NaN compares with nothing: it takes the place of what was, and is not replaced but by another.
                    bool isNumber = value <= 0f | value > 0f;
                    bool larger = best < 0 | value > largest | !isNumber;
                    largest = larger ? value : largest;
                    best = larger ? at : best;
                }
            }
        }
        return best;
    }

    /// <summary>The first window along one axis that reaches a padded position, however long it is dilated.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int FirstWindow(int position, int kernel, int stride, int dilation)
    {
        int reach = position - (dilation * (kernel - 1));
        return reach <= 0 ? 0 : (reach + stride - 1) / stride;
    }
}
