using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>
/// Row by row: p once, then each tangent in turn. The first pass over a tangent brings it into the first-level cache, where
/// the second one finds it. Forward reads C + KC elements and writes KC; backward reads C + 2KC and writes KC + C.
/// </summary>
internal sealed unsafe class JvpRows<TVector, TElement>(JvpProblem problem) : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly ChunkPlan plan = SoftmaxJvpCpu.PlanOf(problem);
    private readonly bool ofLogarithm = problem.Settings.Of == SoftmaxForm.LogSoftmax;
    private readonly double inverse = 1 / problem.Settings.Temperature;
    private readonly double scale = 1.4426950408889634 / problem.Settings.Temperature;
    private readonly long classes = problem.Logits.Length;
    private readonly long tangents = problem.Tangents.Inner;

    public override void Execute(int chunk)
    {
        var buffers = new Buffers(classes);
        (long first, long end) = plan.UnitsOf(chunk);
        for (long row = first; row < end; row++)
        {
            TElement* logits = RowBuffers<TElement>.Input(problem.Logits, row, buffers.Copy);
            long top = JvpKernels<TVector, TElement>.Softmax(logits, buffers.P, classes, scale);
            if (problem.Result is { } result)
                Forward(row, top, result, buffers);
            else
                Backward(row, top, buffers);
        }
    }

    private void Forward(long row, long top, in RowsView result, in Buffers buffers)
    {
        for (long k = row * tangents; k < (row + 1) * tangents; k++)
        {
            TElement* v = RowBuffers<TElement>.Input(problem.Tangents, k, buffers.Copy);
            Centre centre = JvpKernels<TVector, TElement>.CentreOf(buffers.P, v, classes, top);
            TElement* target = Target(result, k, buffers);
            JvpKernels<TVector, TElement>.Product(
                ofLogarithm ? null : buffers.P, v, target, classes, centre, inverse);
            Finish(result, k, target);
        }
    }

    private void Backward(long row, long top, in Buffers buffers)
    {
        if (problem.LogitsGradient is null && problem.TangentsGradient is null) return;
        RowsView upstream = problem.Upstream.GetValueOrDefault();
        if (problem.LogitsGradient is not null)
            NativeMemory.Clear(buffers.Sum, (nuint)(classes * sizeof(TElement)));
        for (long k = row * tangents; k < (row + 1) * tangents; k++)
        {
            TElement* g = RowBuffers<TElement>.Input(upstream, k, buffers.Upstream);
            TElement* target = problem.TangentsGradient is { } byTangents ? Target(byTangents, k, buffers) : null;
            if (ofLogarithm)
                BackwardOfLogarithm(k, g, target, top, buffers);
            else
                BackwardOfSoftmax(k, g, target, top, buffers);
            if (target is not null) Finish(problem.TangentsGradient.GetValueOrDefault(), k, target);
        }

        if (problem.LogitsGradient is { } byLogits)
        {
            Centre centre = JvpKernels<TVector, TElement>.CentreOf(buffers.P, buffers.Sum, classes, top);
            TElement* target = Target(byLogits, row, buffers);
            JvpKernels<TVector, TElement>.Product(
                buffers.P, buffers.Sum, target, classes, centre, inverse * inverse);
            Finish(byLogits, row, target);
        }
    }

    private void BackwardOfSoftmax(long k, TElement* g, TElement* target, long top, in Buffers buffers)
    {
        Centre centre = JvpKernels<TVector, TElement>.CentreOf(buffers.P, g, classes, top);
        if (problem.LogitsGradient is null)
        {
            JvpKernels<TVector, TElement>.Product(buffers.P, g, target, classes, centre, inverse);
            return;
        }

        TElement* v = RowBuffers<TElement>.Input(problem.Tangents, k, buffers.Copy);
        Centre centreV = JvpKernels<TVector, TElement>.CentreOf(buffers.P, v, classes, top);
        JvpKernels<TVector, TElement>.AddProduct(
            buffers.P, g, centre, v, centreV, buffers.Sum, target, classes, inverse);
    }

    private void BackwardOfLogarithm(long k, TElement* g, TElement* target, long top, in Buffers buffers)
    {
        double total = JvpKernels<TVector, TElement>.Sum(g, classes);
        if (problem.LogitsGradient is not null)
        {
            TElement* v = RowBuffers<TElement>.Input(problem.Tangents, k, buffers.Copy);
            Centre centre = JvpKernels<TVector, TElement>.CentreOf(buffers.P, v, classes, top);
            JvpKernels<TVector, TElement>.SubtractScaled(total, v, centre, buffers.Sum, classes);
        }

        if (target is not null)
            JvpKernels<TVector, TElement>.Residual(buffers.P, g, target, classes, total, inverse);
    }

    private static TElement* Target(in RowsView view, long row, in Buffers buffers)
    {
        TElement* direct = Memory.Direct<TElement>(view, row);
        return direct is not null ? direct : buffers.Output;
    }

    private static void Finish(in RowsView view, long row, TElement* target)
    {
        if (Memory.Direct<TElement>(view, row) is null) Memory.Scatter(view, row, target);
    }

    /// <summary>This thread's memory for one row at a time.</summary>
    private readonly struct Buffers
    {
        private readonly TElement* memory;
        private readonly long padded;

        public Buffers(long classes)
        {
            // Whole cache lines, so that no array shares one with the next.
            padded = ((classes * sizeof(TElement)) + 63) / 64 * 64 / sizeof(TElement);
            memory = (TElement*)Scratch.Get(ScratchUse.Kernel, 5 * padded * sizeof(TElement));
        }

        public TElement* P => memory;

        /// <summary>Logits or a tangent, where they do not lie side by side in the kernel's type.</summary>
        public TElement* Copy => memory + padded;

        public TElement* Upstream => memory + (2 * padded);

        /// <summary>A of every class.</summary>
        public TElement* Sum => memory + (3 * padded);

        public TElement* Output => memory + (4 * padded);
    }
}
