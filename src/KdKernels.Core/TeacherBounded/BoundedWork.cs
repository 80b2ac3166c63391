namespace KdKernels.Core;

/// <summary>
/// Boxes in the lanes. A box is short (four offsets, as a rule), so that a vector takes one offset of many boxes rather
/// than the offsets of one; they are brought into that order in this thread's buffer, whatever their strides.
/// </summary>
internal sealed unsafe class BoundedWork<TVector, TElement> : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // A fixed cut of the boxes, the same for every vector width.
    private const long BoxesPerUnit = 64;

    // Copied out of the problem: unwrapping its optional views box by box would cost more than the box.
    private readonly RowsView student;
    private readonly RowsView teacher;
    private readonly RowsView target;
    private readonly RowsView foreground;
    private readonly RowsView losses;
    private readonly RowsView upstreams;
    private readonly RowsView gradients;
    private readonly bool hasForeground;
    private readonly bool hasGradient;
    private readonly BoundedTerms<TVector> terms;
    private readonly double commonUpstream;
    private readonly bool hasRowUpstream;
    private readonly bool writesRows;
    private readonly ChunkPlan plan;
    private readonly double[] sums;

    private BoundedWork(BoundedProblem problem, double divisor)
    {
        (student, teacher, target) = (problem.Student, problem.Teacher, problem.Target);
        foreground = problem.Settings.Foreground.GetValueOrDefault();
        losses = problem.Loss.GetValueOrDefault();
        upstreams = problem.Upstream.GetValueOrDefault();
        gradients = problem.StudentGradient.GetValueOrDefault();
        hasForeground = problem.Settings.Foreground is not null;
        hasGradient = problem.StudentGradient is not null;
        hasRowUpstream = problem.Upstream is not null && problem.Reduction == KdReduction.None;
        writesRows = problem.Loss is not null && problem.Reduction == KdReduction.None;
        double upstream = problem.Upstream is { } view && !hasRowUpstream ? Memory.Read(view, 0, 0) : 1;
        commonUpstream = upstream / divisor;
        terms = new BoundedTerms<TVector>
        {
            Margin = TVector.Broadcast(problem.Settings.Margin),
            BoundWeight = TVector.Broadcast(problem.Settings.BoundWeight),
            Beta = TVector.Broadcast(problem.Settings.Beta),
            InverseBeta = TVector.Broadcast(1 / problem.Settings.Beta),
            SmoothL1 = problem.Settings.SmoothL1,
        };
        plan = ChunkPlan.Of((student.Rows + BoxesPerUnit - 1) / BoxesPerUnit, BoxesPerUnit * student.Length * 4);
        sums = new double[plan.Chunks];
    }

    /// <summary>The sum of all boxes' values.</summary>
    public static double Run(BoundedProblem problem, double divisor)
    {
        var work = new BoundedWork<TVector, TElement>(problem, divisor);
        WorkerPool.Execute(work, work.plan.Chunks, KdCpu.Threads);
        double total = 0;
        foreach (double sum in work.sums) total += sum;
        return total;
    }

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        long size = student.Length * TVector.Width;
        TElement* memory = (TElement*)Scratch.Get(ScratchUse.Kernel, 4 * size * sizeof(TElement));
        var boxes = new BoundedBoxes<TElement>
        {
            Student = memory,
            Teacher = memory + size,
            Target = memory + (2 * size),
            Gradient = memory + (3 * size),
            Offsets = student.Length,
        };
        TElement* lanes = stackalloc TElement[TVector.Width];
        bool* counted = stackalloc bool[TVector.Width];
        double sum = 0;
        for (long unit = first; unit < end; unit++)
        {
            long endOfUnit = Math.Min(student.Rows, (unit + 1) * BoxesPerUnit);
            for (long row = unit * BoxesPerUnit; row < endOfUnit; row += TVector.Width)
                sum += Group(row, (int)Math.Min(TVector.Width, endOfUnit - row), boxes, lanes, counted);
        }

        sums[chunk] = sum;
    }

    private double Group(long row, int count, in BoundedBoxes<TElement> boxes, TElement* lanes, bool* counted)
    {
        for (int lane = 0; lane < TVector.Width; lane++)
            counted[lane] = lane < count && IsForeground(row + lane);
        Gather(student, row, counted, boxes.Student);
        Gather(teacher, row, counted, boxes.Teacher);
        Gather(target, row, counted, boxes.Target);

        TVector.Store(lanes, BoundedKernels<TVector, TElement>.Loss(boxes, terms, out TVector bound));
        double sum = 0;
        for (int lane = 0; lane < count; lane++)
        {
            double loss = counted[lane] ? Memory.Get(lanes + lane) : 0;
            sum += loss;
            if (writesRows) Memory.Write(losses, row + lane, 0, loss);
        }

        if (!hasGradient) return sum;
        for (int lane = 0; lane < TVector.Width; lane++)
            Memory.Put(lanes + lane, counted[lane] ? UpstreamOf(row + lane) : 0);
        BoundedKernels<TVector, TElement>.Gradient(boxes, terms, bound, TVector.Load(lanes));
        for (int lane = 0; lane < count; lane++) Scatter(gradients, row + lane, boxes.Gradient + lane);
        return sum;
    }

    private bool IsForeground(long row) => !hasForeground || ((long*)foreground.Data)[foreground.RowOffset(row)] != 0;

    private double UpstreamOf(long row) => hasRowUpstream ? Memory.Read(upstreams, row, 0) : commonUpstream;

    /// <summary>Boxes into lanes; one that does not count is all zeros, with value and gradient 0.</summary>
    private static void Gather(in RowsView view, long row, bool* counted, TElement* boxes)
    {
        (long length, long stride) = (view.Length, view.ElementStride);
        for (int lane = 0; lane < TVector.Width; lane++)
        {
            TElement* to = boxes + lane;
            if (!counted[lane])
            {
                for (long k = 0; k < length; k++) to[k * TVector.Width] = default;
                continue;
            }

            TElement* from = (TElement*)view.Data + view.RowOffset(row + lane);
            for (long k = 0; k < length; k++) to[k * TVector.Width] = from[k * stride];
        }
    }

    private static void Scatter(in RowsView view, long row, TElement* lane)
    {
        TElement* to = (TElement*)view.Data + view.RowOffset(row);
        for (long k = 0; k < view.Length; k++) to[k * view.ElementStride] = lane[k * TVector.Width];
    }
}
