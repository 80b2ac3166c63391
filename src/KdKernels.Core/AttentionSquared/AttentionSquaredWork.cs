namespace KdKernels.Core;

/// <summary>
/// AttentionSquared cut into chunks of samples. A sample's teacher and student are read once; the gradient is made from
/// the student's features while they are in the cache.
/// </summary>
internal sealed unsafe class AttentionSquaredWork<TVector, TElement, TPower> : ChunkedWork
    where TVector : unmanaged, IWideVector<TVector>
    where TElement : unmanaged
    where TPower : struct, IAttentionPower
{
    private readonly AttentionProblem problem;
    private readonly AttentionSamples<TVector, TElement, TPower> student;
    private readonly AttentionSamples<TVector, TElement, TPower> teacher;
    private readonly int pixels;
    private readonly ChunkPlan plan;
    private readonly double[] sums;

    public AttentionSquaredWork(AttentionProblem problem)
    {
        this.problem = problem;
        (MapView s, MapView t) = (problem.Student, problem.Teacher);
        student = new AttentionSamples<TVector, TElement, TPower>(s, PoolingGrid.Of(s, t));
        teacher = new AttentionSamples<TVector, TElement, TPower>(t, PoolingGrid.Of(t, s));
        pixels = problem.Pixels;
        plan = ChunkPlan.Of(s.Batch, (s.Channels * s.Pixels) + (t.Channels * t.Pixels));
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
        long map = MapMemory.Padded(pixels), buffer = Math.Max(student.BufferLength, teacher.BufferLength);
        double* q = (double*)Scratch.Get(ScratchUse.Kernel, ((2 * map) + buffer) * sizeof(double));
        (long first, long end) = plan.UnitsOf(chunk);
        double sum = 0;
        for (long sample = first; sample < end; sample++) sum += Sample(sample, q, q + map, q + (2 * map));
        sums[chunk] = sum;
    }

    private double Sample(long sample, double* q, double* difference, double* buffer)
    {
        AttentionSquaredSettings settings = problem.Settings;
        teacher.Sum(sample, difference, buffer);
        Average(difference, problem.Teacher);
        AttentionNorm.Normalise(difference, pixels);
        student.Sum(sample, q, buffer);
        Average(q, problem.Student);
        double norm = AttentionNorm.Normalise(q, pixels), squares = 0;
        for (int j = 0; j < pixels; j++)
        {
            difference[j] = q[j] - difference[j];
            squares += difference[j] * difference[j];
        }

        double distance = Math.Sqrt(squares);
        bool paper = settings.Form == AttentionForm.Paper;
        double loss = settings.Beta * (paper ? distance / 2 : squares);
        if (settings.Reduction == KdReduction.None && problem.Loss is { } losses) Memory.Write(losses, sample, 0, loss);
        if (problem.Gradient is not { } gradient) return loss;

        // Equal maps: the paper's norm has no slope there, and 0 is the one that moves nothing.
        double slope = !paper ? 2 : distance == 0 ? 0 : 0.5 / distance;
        slope *= settings.Beta * TPower.Exponent * Upstream(sample) / problem.Divisor;
        if (settings.Channels == ChannelReduction.Mean) slope /= problem.Student.Channels;
        AttentionNorm.Backward(q, norm, difference, pixels, slope);
        student.WriteGradient(sample, difference, gradient, buffer);
        return loss;
    }

    private void Average(double* q, in MapView map)
    {
        if (problem.Settings.Channels == ChannelReduction.Sum) return;
        for (int j = 0; j < pixels; j++) q[j] /= map.Channels;
    }

    private double Upstream(long sample) => problem.Upstream is not { } upstream
        ? 1
        : Memory.Read(upstream, problem.Settings.Reduction == KdReduction.None ? sample : 0, 0);
}
