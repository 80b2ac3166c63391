namespace KdKernels.Core;

/// <summary>
/// FspLoss cut into chunks of samples. The matrices of a sample never leave the cache: only their difference exists, in
/// double, and the gradients are made from it while the student's features are near.
/// </summary>
internal sealed unsafe class FspLossWork<TVector, TElement> : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    private readonly FspProblem problem;
    private readonly FspPair<TVector, TElement> student;
    private readonly FspPair<TVector, TElement> teacher;
    private readonly ChunkPlan plan;
    private readonly FspSizes sizes;
    private readonly int rows;
    private readonly int columns;
    private readonly bool symmetric;
    private readonly double[] sums;

    public FspLossWork(FspProblem problem)
    {
        this.problem = problem;
        student = new FspPair<TVector, TElement>(
            problem.Student1, problem.Student2, problem.Settings.Pooling, problem.Gradient1, problem.Gradient2);
        teacher = new FspPair<TVector, TElement>(problem.Teacher1, problem.Teacher2, problem.Settings.Pooling);
        plan = ChunkPlan.Of(problem.Student1.Batch, student.Work + teacher.Work);
        sizes.Include(student);
        sizes.Include(teacher);
        (rows, columns) = (student.Channels1, student.Channels2);
        symmetric = student.IsSymmetric && teacher.IsSymmetric;
        sums = new double[plan.Chunks];
    }

    /// <summary>The sum of the losses of all samples.</summary>
    public double Run()
    {
        WorkerPool.Execute(this, plan.Chunks, KdCpu.Threads);
        double total = 0;
        foreach (double sum in sums) total += sum;
        return total;
    }

    public override void Execute(int chunk)
    {
        int size = rows * columns;
        var buffers = new FspBuffers<TElement>(sizes, size + columns);
        (long first, long end) = plan.UnitsOf(chunk);
        double sum = 0;
        for (long sample = first; sample < end; sample++)
            sum += Sample(sample, buffers.Products, buffers.Products + size, buffers);
        sums[chunk] = sum;
    }

    private double Sample(long sample, double* difference, double* columnSquares, in FspBuffers<TElement> buffers)
    {
        new Span<double>(difference, rows * columns).Clear();
        teacher.AddProducts(sample, -1, symmetric, buffers, difference);
        student.AddProducts(sample, 1, symmetric, buffers, difference);
        if (symmetric) FspProducts<TVector, TElement>.Mirror(difference, rows);

        new Span<double>(columnSquares, columns).Clear();
        for (int i = 0; i < rows; i++)
        {
            double* row = difference + ((long)i * columns);
            for (int j = 0; j < columns; j++) columnSquares[j] += row[j] * row[j];
        }

        FspForm form = problem.Settings.Form;
        double loss = 0;
        for (int j = 0; j < columns; j++) loss += form == FspForm.ColumnNorms ? Math.Sqrt(columnSquares[j]) : columnSquares[j];
        double share = form == FspForm.Mean ? 1.0 / ((double)rows * columns) : 1;
        loss *= share;
        KdReduction reduction = problem.Settings.Reduction;
        if (reduction == KdReduction.None && problem.Loss is { } losses) Memory.Write(losses, sample, 0, loss);
        if (problem.Gradient1 is null && problem.Gradient2 is null) return loss;

        double upstream = problem.Upstream is { } u ? Memory.Read(u, reduction == KdReduction.None ? sample : 0, 0) : 1;
        double scale = upstream * share / problem.Divisor;
        // The slope of each column; a norm of 0 has none, and 0 is the one that moves nothing.
        for (int j = 0; j < columns; j++)
        {
            double slope = form != FspForm.ColumnNorms ? 2 : columnSquares[j] == 0 ? 0 : 1 / Math.Sqrt(columnSquares[j]);
            columnSquares[j] = scale * slope;
        }

        for (int i = 0; i < rows; i++)
        {
            double* row = difference + ((long)i * columns);
            for (int j = 0; j < columns; j++) row[j] *= columnSquares[j];
        }

        student.WriteGradients(sample, difference, buffers);
        return loss;
    }
}
