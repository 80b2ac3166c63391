namespace KdKernels.Core;

/// <summary>
/// A problem cut into chunks: what the two ways of walking it (<see cref="SquaredErrorRows{TVector, TElement}"/> with
/// classes in the lanes, <see cref="SquaredErrorLanes{TVector, TElement}"/> with rows in the lanes) have in common.
/// Either reads each logit once and writes value and gradients from that read.
/// </summary>
internal abstract unsafe class SquaredErrorWork<TVector, TElement> : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly ChunkPlan plan;
    private readonly double[] sums;
    private readonly bool writesRows;
    private readonly RowsView rowLosses;
    private readonly bool hasRowUpstream;
    private readonly RowsView upstream;
    private readonly double commonUpstream;
    private readonly double factor;
    private readonly double rowConstant;

    protected SquaredErrorWork(SquaredErrorProblem problem, long units, long elementsPerUnit)
    {
        plan = ChunkPlan.Of(units, elementsPerUnit);
        sums = new double[plan.Chunks];
        Student = problem.Student;
        Teacher = problem.Teacher;
        Classes = problem.Student.Length;
        Noise = problem.Noise;
        HasStudentGradient = problem.StudentGradient is not null;
        HasTeacherGradient = problem.TeacherGradient is not null;
        StudentGradients = problem.StudentGradient.GetValueOrDefault();
        TeacherGradients = problem.TeacherGradient.GetValueOrDefault();
        writesRows = problem.Loss is not null && problem.Reduction == KdReduction.None;
        rowLosses = problem.Loss.GetValueOrDefault();
        hasRowUpstream = problem.HasRowUpstream;
        upstream = problem.Upstream.GetValueOrDefault();
        commonUpstream = problem.CommonUpstream;
        factor = problem.Factor;
        rowConstant = problem.RowConstant;
    }

    protected RowsView Student { get; }

    protected RowsView Teacher { get; }

    protected long Classes { get; }

    protected LogitNoise? Noise { get; }

    protected bool HasStudentGradient { get; }

    protected bool HasTeacherGradient { get; }

    protected RowsView StudentGradients { get; }

    protected RowsView TeacherGradients { get; }

    /// <summary>The sum of all rows' values.</summary>
    public static double Run(SquaredErrorProblem problem)
    {
        TElement[]? weights = problem.Weights is { } w ? Array.ConvertAll(w, Rounded) : null;
        fixed (TElement* pinned = weights)
        {
            SquaredErrorWork<TVector, TElement> work = SquaredErrorLanes<TVector, TElement>.Fits(problem)
                ? new SquaredErrorLanes<TVector, TElement>(problem) { Weights = pinned }
                : new SquaredErrorRows<TVector, TElement>(problem) { Weights = pinned };
            WorkerPool.Execute(work, work.plan.Chunks, KdCpu.Threads);
            double total = 0;
            foreach (double sum in work.sums) total += sum;
            return total;
        }
    }

    /// <summary>Weights of the classes, or null.</summary>
    protected TElement* Weights { get; private init; }

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        sums[chunk] = Execute(first, end);
    }

    /// <summary>Does the units of a chunk and returns the sum of their rows' values.</summary>
    protected abstract double Execute(long first, long end);

    /// <summary>Writes a row's value where that is wanted, and returns it.</summary>
    protected double Emit(long row, double squares)
    {
        double value = (factor * squares) + rowConstant;
        if (writesRows) Memory.Write(rowLosses, row, 0, value);
        return value;
    }

    /// <summary>What a difference is multiplied by in the gradient: 2·Factor·upstream/divisor.</summary>
    protected double GradientScale(long row) =>
        2 * factor * (hasRowUpstream ? Memory.Read(upstream, row, 0) : commonUpstream);

    private static TElement Rounded(double value)
    {
        TElement element;
        Memory.Put(&element, value);
        return element;
    }
}
