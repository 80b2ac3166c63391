using System.Runtime.CompilerServices;
using ILGPU;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Dual;

/// <summary>
/// The kernels of DualBatchNorm. A thread has four columns, whose channels' numbers it looks up once, and goes through samples:
/// every access of a warp is one piece of memory, whatever the size of a channel.
/// </summary>
public static class NormKernels
{
    /// <summary>Forward; with an upstream gradient instead, the stack's gradient alone.</summary>
    public static void Scales<T, TMemory>(NormArguments<T> a)
        where T : unmanaged
        where TMemory : struct, IQuadMemory<T>
    {
        bool forward = a.Upstream.Length == 0;
        long units = UnitsOf(a);
        for (long unit = Grid.IdxX; unit < units; unit += Grid.DimX)
        {
            var columns = NormColumns<T, TMemory>.Of(a, unit);
            if (!forward)
            {
                columns.Mean = Quad.Of(0f);
                columns.Bias = Quad.Of(0f);
            }
            var source = forward ? a.Stack : a.Upstream;
            long primals = columns.End < a.Primals ? columns.End : a.Primals;
            columns.Scales(source, a.Result, columns.First, primals, !forward & a.Constant != 0);
            columns.Mean = Quad.Of(0f);
            columns.Bias = Quad.Of(0f);
            long tangents = columns.First > a.Primals ? columns.First : a.Primals;
            columns.Scales(source, a.Result, tangents, columns.End, !forward & a.Constant != 0);
        }
    }

    /// <summary>The stack's gradient where it is wanted, and the columns' sums.</summary>
    public static void Backwards<T, TMemory>(NormArguments<T> a)
        where T : unmanaged
        where TMemory : struct, IQuadMemory<T>
    {
        long units = UnitsOf(a);
        for (long unit = Grid.IdxX; unit < units; unit += Grid.DimX)
        {
            var columns = NormColumns<T, TMemory>.Of(a, unit);
            columns.ByWeight = Quad.Of(0f);
            columns.ByBias = Quad.Of(0f);
            long primals = columns.End < a.Primals ? columns.End : a.Primals;
            columns.Sum(a, columns.First, primals);
            Quad byBias = columns.ByBias;
            columns.Mean = Quad.Of(0f);
            long tangents = columns.First > a.Primals ? columns.First : a.Primals;
            columns.Sum(a, tangents, columns.End);
            columns.Store(a, byBias);
        }
    }

    /// <summary>The gradients of weights and biases from the columns' sums, a warp for each channel.</summary>
    public static void Finishes<T, TElement>(NormArguments<T> a)
        where T : unmanaged
        where TElement : struct, IQuadElement<T>
    {
        int lane = Group.IdxX & 31;
        long columns = (long)a.Channels * a.Length;
        for (long channel = ((long)Grid.IdxX << 3) + (Group.IdxX >> 5); channel < a.Channels; channel += (long)Grid.DimX << 3)
        {
            double byWeight = 0;
            double byBias = 0;
            for (int i = lane; i < a.Chunks * a.Length; i += 32)
            {
                int chunk = i / a.Length;
                long at = (chunk * 2 * columns) + (channel * a.Length) + (i - (chunk * a.Length));
                byWeight += a.Sums[at];
                byBias += a.Sums[at + columns];
            }
            byWeight = WarpReduce.Sum(byWeight, 16);
            byBias = WarpReduce.Sum(byBias, 16);
            if (lane != 0) continue;
            TElement element = default;
            float variance = element.Load(ref a.Variance[channel * a.VarianceStride]);
            float inverse = Ptx.ReciprocalSquareRoot(variance + a.Epsilon);
            if (a.WeightGradient.Length > 0)
                element.Store(ref a.WeightGradient[channel * a.WeightGradientStride], (float)(byWeight * inverse));
            if (a.BiasGradient.Length > 0) element.Store(ref a.BiasGradient[channel * a.BiasGradientStride], (float)byBias);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long UnitsOf<T>(in NormArguments<T> a)
        where T : unmanaged => ((((long)a.Channels * a.Length) + 1023) >> 10) * a.Chunks;
}

/// <summary>A thread's four columns and the samples of its unit.</summary>
public struct NormColumns<T, TMemory>
    where T : unmanaged
    where TMemory : struct, IQuadMemory<T>
{
    public Quad Mean;
    public Quad Scale;
    public Quad Bias;
    public Quad ByWeight;
    public Quad ByBias;

    /// <summary>The first sample.</summary>
    public long First;

    /// <summary>Behind the last sample.</summary>
    public long End;

    private long chunk;
    private int start;
    private int left;
    private long columns;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NormColumns<T, TMemory> Of(in NormArguments<T> a, long unit)
    {
        var place = RowIndex.Of(unit, a.Chunks);
        NormColumns<T, TMemory> result = default;
        result.columns = (long)a.Channels * a.Length;
        result.start = ((int)place.Outer << 10) + default(TMemory).First(Group.IdxX);
        result.left = (int)result.columns - result.start;
        result.chunk = place.Inner;
        result.First = place.Inner * a.Chunk;
        result.End = result.First + a.Chunk < a.Samples ? result.First + a.Chunk : a.Samples;
        int apart = default(TMemory).Apart(256);
        result.Look(a, 0, result.start);
        result.Look(a, 1, result.start + apart);
        result.Look(a, 2, result.start + (2 * apart));
        result.Look(a, 3, result.start + (3 * apart));
        return result;
    }

    /// <summary>Writes <c>(x − Mean)·Scale + Bias</c> of some samples.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Scales(ArrayView<T> source, ArrayView<T> target, long first, long end, bool constant)
    {
        TMemory memory = default;
        var from = source.SubView(constant ? 0 : start + (first * columns));
        var to = target.SubView(start + (first * columns));
        long step = constant ? 0 : columns;
        long sample = first;
        // Four samples at a time: their loads are under way together.
        for (; sample + 3 < end; sample += 4)
        {
            Quad x0 = Load(from, constant);
            Quad x1 = Load(from.SubView(step), constant);
            Quad x2 = Load(from.SubView(2 * step), constant);
            Quad x3 = Load(from.SubView(3 * step), constant);
            memory.Store(to, 0, left, 1, 256, Apply(x0));
            memory.Store(to.SubView(columns), 0, left, 1, 256, Apply(x1));
            memory.Store(to.SubView(2 * columns), 0, left, 1, 256, Apply(x2));
            memory.Store(to.SubView(3 * columns), 0, left, 1, 256, Apply(x3));
            from = from.SubView(4 * step);
            to = to.SubView(4 * columns);
        }
        for (; sample < end; sample++)
        {
            memory.Store(to, 0, left, 1, 256, Apply(Load(from, constant)));
            from = from.SubView(step);
            to = to.SubView(columns);
        }
    }

    /// <summary>Adds some samples to the sums, and writes their gradient where it is wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Sum(in NormArguments<T> a, long first, long end)
    {
        TMemory memory = default;
        bool constant = a.Constant != 0;
        bool writes = a.Result.Length > 0;
        bool reads = a.WeightGradient.Length > 0;
        var x = a.Stack.SubView(start + (first * columns));
        var g = a.Upstream.SubView(constant ? 0 : start + (first * columns));
        var to = a.Result.SubView(start + (first * columns));
        long step = constant ? 0 : columns;
        int readable = reads ? left : 0;
        int writable = writes ? left : 0;
        long sample = first;
        for (; sample + 1 < end; sample += 2)
        {
            Quad g0 = Load(g, constant);
            Quad g1 = Load(g.SubView(step), constant);
            Quad x0 = memory.Load(x, 0, readable, 1, 256, 0f);
            Quad x1 = memory.Load(x.SubView(columns), 0, readable, 1, 256, 0f);
            memory.Store(to, 0, writable, 1, 256, g0.Times(Scale));
            memory.Store(to.SubView(columns), 0, writable, 1, 256, g1.Times(Scale));
            Add(g0, x0);
            Add(g1, x1);
            x = x.SubView(2 * columns);
            g = g.SubView(2 * step);
            to = to.SubView(2 * columns);
        }
        if (sample < end)
        {
            Quad g0 = Load(g, constant);
            memory.Store(to, 0, writable, 1, 256, g0.Times(Scale));
            Add(g0, memory.Load(x, 0, readable, 1, 256, 0f));
        }
    }

    /// <summary>Leaves the columns' sums in the workspace.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(in NormArguments<T> a, Quad byBias)
    {
        int apart = default(TMemory).Apart(256);
        var sums = a.Sums.SubView((chunk * 2 * columns) + start);
        if (apart == 1)
        {
            if (left <= 0) return;
            default(QuadFloat32).StoreQuad(ref sums[0], ByWeight);
            default(QuadFloat32).StoreQuad(ref sums[columns], byBias);
            return;
        }
        StoreOne(sums, 0, ByWeight.X, byBias.X);
        StoreOne(sums, apart, ByWeight.Y, byBias.Y);
        StoreOne(sums, 2 * apart, ByWeight.Z, byBias.Z);
        StoreOne(sums, 3 * apart, ByWeight.W, byBias.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void StoreOne(ArrayView<float> sums, int at, float byWeight, float byBias)
    {
        if (at >= left) return;
        sums[at] = byWeight;
        sums[columns + at] = byBias;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Look(in NormArguments<T> a, int index, int column)
    {
        if (column >= columns) return;
        TMemory memory = default;
        long channel = column / a.Length;
        float mean = memory.LoadOne(ref a.Mean[channel * a.MeanStride]);
        float variance = memory.LoadOne(ref a.Variance[channel * a.VarianceStride]);
        float weight = 1f;
        if (a.Weight.Length > 0) weight = memory.LoadOne(ref a.Weight[channel * a.WeightStride]);
        float bias = 0f;
        if (a.Bias.Length > 0) bias = memory.LoadOne(ref a.Bias[channel * a.BiasStride]);
        Mean.Set(index, mean);
        Scale.Set(index, weight * Ptx.ReciprocalSquareRoot(variance + a.Epsilon));
        Bias.Set(index, bias);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Quad Load(ArrayView<T> from, bool constant)
    {
        TMemory memory = default;
        Quad quad = memory.Load(from, 0, constant ? 0 : left, 1, 256, 0f);
        if (constant) quad = Quad.Of(memory.LoadOne(ref from[0]));
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Quad Apply(Quad x)
    {
        Quad quad;
        quad.X = Ptx.MultiplyAdd(x.X - Mean.X, Scale.X, Bias.X);
        quad.Y = Ptx.MultiplyAdd(x.Y - Mean.Y, Scale.Y, Bias.Y);
        quad.Z = Ptx.MultiplyAdd(x.Z - Mean.Z, Scale.Z, Bias.Z);
        quad.W = Ptx.MultiplyAdd(x.W - Mean.W, Scale.W, Bias.W);
        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(Quad g, Quad x)
    {
        Quad centred;
        centred.X = x.X - Mean.X;
        centred.Y = x.Y - Mean.Y;
        centred.Z = x.Z - Mean.Z;
        centred.W = x.W - Mean.W;
        ByWeight = ByWeight.Plus(g, centred);
        ByBias = ByBias.Plus(g, 1f);
    }
}
