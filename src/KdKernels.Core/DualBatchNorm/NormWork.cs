using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>
/// Channel by channel, sample by sample. Forward reads and writes the stack once; backward reads the upstream gradient, and
/// the stack where γ has a gradient, and writes the stack's gradient. Rows of single elements ([B, C]) are gathered into one.
/// </summary>
internal sealed unsafe class NormWork<TVector, TElement>(NormProblem problem) : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // Sums over lanes go to double after so many elements.
    private const long BlockSize = 2048;

    private readonly ChunkPlan plan = DualBatchNormCpu.PlanOf(problem);

    // A column of [B, C] is one run of B elements with a stride; an image is B runs without one.
    private readonly bool isColumn = problem.Length == 1;

    private long Tangents => problem.Stack.Outer - problem.Primals;

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        for (long channel = first; channel < end; channel++)
        {
            if (problem.Result is { } result)
                Forward(channel, result);
            else
                Backward(channel);
        }
    }

    private void Forward(long channel, RowsView result)
    {
        double scale = problem.Scale(channel), mean = problem.Mean(channel), bias = problem.Bias(channel);
        ForEachRun(channel, (first, count, primal) =>
        {
            RowsView source = Run(problem.Stack, channel, first, count), target = Run(result, channel, first, count);
            TElement* buffers = Buffers(source.Length);
            TElement* x = RowBuffers<TElement>.Input(source, 0, buffers);
            TElement* direct = Memory.Direct<TElement>(target, 0), y = direct is null ? buffers + source.Length : direct;
            Scale(x, y, source.Length, primal ? mean : 0, scale, primal ? bias : 0);
            if (direct is null) Memory.Scatter(target, 0, y);
        });
    }

    private void Backward(long channel)
    {
        double scale = problem.Scale(channel), mean = problem.Mean(channel), byWeight = 0, byBias = 0;
        RowsView upstream = problem.Upstream.GetValueOrDefault();
        ForEachRun(channel, (first, count, primal) =>
        {
            RowsView source = Run(upstream, channel, first, count);
            TElement* buffers = Buffers(source.Length);
            TElement* g = RowBuffers<TElement>.Input(source, 0, buffers);
            if (problem.WeightGradient is not null)
            {
                TElement* x = RowBuffers<TElement>.Input(
                    Run(problem.Stack, channel, first, count), 0, buffers + source.Length);
                byWeight += SumOfProducts(g, x, source.Length, primal ? mean : 0);
            }

            if (primal && problem.BiasGradient is not null) byBias += Sum(g, source.Length);
            if (problem.StackGradient is { } gradient)
            {
                RowsView target = Run(gradient, channel, first, count);
                TElement* direct = Memory.Direct<TElement>(target, 0), y = direct is null ? buffers + source.Length : direct;
                Scale(g, y, source.Length, 0, scale, 0);
                if (direct is null) Memory.Scatter(target, 0, y);
            }
        });
        if (problem.WeightGradient is { } weights) Memory.Write(weights, 0, channel, byWeight * problem.Inverse(channel));
        if (problem.BiasGradient is { } biases) Memory.Write(biases, 0, channel, byBias);
    }

    /// <summary>Calls with the first sample, the number of samples and whether they are the primal's.</summary>
    private void ForEachRun(long channel, Action<long, long, bool> body)
    {
        if (isColumn)
        {
            if (problem.Primals > 0) body(0, problem.Primals, true);
            if (Tangents > 0) body(problem.Primals, Tangents, false);
            return;
        }

        for (long sample = 0; sample < problem.Stack.Outer; sample++) body(sample, 1, sample < problem.Primals);
    }

    /// <summary>A channel of one sample, or of several samples of single elements, as one row.</summary>
    private RowsView Run(in RowsView view, long channel, long sample, long count)
    {
        nint data = view.Data + (nint)(((sample * view.OuterStride) + (channel * view.InnerStride)) * sizeof(TElement));
        return isColumn
            ? RowsView.Vector(data, view.ElementType, count, view.OuterStride)
            : RowsView.Vector(data, view.ElementType, view.Length, view.ElementStride);
    }

    private static TElement* Buffers(long length) =>
        (TElement*)Scratch.Get(ScratchUse.Kernel, 2 * length * sizeof(TElement));

    /// <summary><c>y = (x − mean)·scale + bias</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(TElement* x, TElement* y, long count, double mean, double scale, double bias)
    {
        TVector from = TVector.Broadcast(mean), factor = TVector.Broadcast(scale), shift = TVector.Broadcast(bias);
        long i = 0;
        for (; i <= count - TVector.Width; i += TVector.Width)
            TVector.Store(y + i, TVector.Fma(TVector.Load(x + i) - from, factor, shift));
        if (i == count) return;
        int lanes = (int)(count - i);
        TVector.StorePartial(y + i, lanes, TVector.Fma(TVector.LoadPartial(x + i, lanes, from) - from, factor, shift));
    }

    /// <summary>Σ g·(x − mean).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumOfProducts(TElement* g, TElement* x, long count, double mean)
    {
        TVector from = TVector.Broadcast(mean), zero = TVector.Broadcast(0);
        double total = 0;
        for (long i = 0; i < count;)
        {
            TVector sum = zero;
            for (long end = Math.Min(count, i + BlockSize); i < end; i += TVector.Width)
            {
                int lanes = (int)Math.Min(TVector.Width, count - i);
                sum = lanes == TVector.Width
                    ? TVector.Fma(TVector.Load(g + i), TVector.Load(x + i) - from, sum)
                    : TVector.Fma(
                        TVector.LoadPartial(g + i, lanes, zero), TVector.LoadPartial(x + i, lanes, from) - from, sum);
            }

            total += TVector.Sum(sum);
        }

        return total;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Sum(TElement* g, long count)
    {
        TVector zero = TVector.Broadcast(0);
        double total = 0;
        for (long i = 0; i < count;)
        {
            TVector sum = zero;
            for (long end = Math.Min(count, i + BlockSize); i < end; i += TVector.Width)
            {
                int lanes = (int)Math.Min(TVector.Width, count - i);
                sum += lanes == TVector.Width ? TVector.Load(g + i) : TVector.LoadPartial(g + i, lanes, zero);
            }

            total += TVector.Sum(sum);
        }

        return total;
    }
}
