using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>
/// A problem cut into chunks: what the two ways of walking it (<see cref="KlRows{TVector, TElement}"/> with classes in
/// the lanes, <see cref="KlLanes{TVector, TElement}"/> with rows in the lanes) have in common.
/// </summary>
internal abstract unsafe class KlWork<TVector, TElement> : ChunkedWork
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // When KL is this much smaller than the sum it is the rest of, single precision has lost too many digits: an
    // outlier sits at the origin of an otherwise flat row. Gaussian logits stay below 13.
    private const double WorstCancellation = 32;

    private readonly ChunkPlan plan;
    private readonly double[] sums;
    private readonly bool writesRowLosses;
    private readonly bool hasLabels;
    private readonly bool upstreamPerRow;
    private readonly double upstreamScale;

    protected KlWork(KlProblem problem, long units, long elementsPerUnit)
    {
        Problem = problem;
        plan = ChunkPlan.Of(units, elementsPerUnit);
        sums = new double[plan.Chunks * HintonTotals.Count];
        // Without its label, a row of the decoupled form has a class less.
        Classes = problem.Student.Length - (problem.Form == KlForm.Decoupled ? 1 : 0);
        Scale = problem.InverseTemperature;
        Weighted = problem.ClassWeights is not null;
        hasLabels = problem.Labels is not null;
        upstreamPerRow = problem.Upstream is not null && problem.Reduction == KdReduction.None;
        upstreamScale = upstreamPerRow ? 0 : problem.UpstreamOf(0) / problem.Divisor;
        WantsGradient = problem.WantsGradient;
        WantsMetrics = problem.WantsMetrics;
        WantsEntropies = problem.WantsMetrics || problem.WithTeacherEntropy;
        writesRowLosses = problem.Loss is not null && problem.Reduction == KdReduction.None;
    }

    protected KlProblem Problem { get; }

    protected long Classes { get; }

    protected bool Weighted { get; }

    protected bool WantsGradient { get; }

    protected bool WantsMetrics { get; }

    /// <summary>
    /// Whether the sums' pass keeps what it computes for each class: for gradients, or for a further sum.
    /// </summary>
    protected virtual bool Keeps => WantsGradient;

    protected bool WantsEntropies { get; }

    /// <summary>1 / T.</summary>
    protected double Scale { get; }

    /// <summary>Class weights as elements, padded to whole vectors.</summary>
    protected TElement* Weights { get; set; }

    /// <summary>Above this, e^x times a small p̃ could overflow or have lost its digits.</summary>
    protected static double LargestX => typeof(TElement) == typeof(float) ? 60 : 300;

    /// <summary>The sums of loss, metrics over all rows, in the order of <see cref="HintonTotals"/>.</summary>
    public static double[] Run(KlProblem problem)
    {
        KlWork<TVector, TElement> work = Of(problem);
        try
        {
            work.PrepareWeights();
            WorkerPool.Execute(work, work.plan.Chunks, KdCpu.Threads);
        }
        finally
        {
            NativeMemory.AlignedFree(work.Weights);
        }

        var total = new double[HintonTotals.Count];
        for (int i = 0; i < work.sums.Length; i++) total[i % HintonTotals.Count] += work.sums[i];
        return total;
    }

    private static KlWork<TVector, TElement> Of(KlProblem problem)
    {
        bool lanes = KlLanes<TVector, TElement>.Fits(problem);
        return (problem.IsLimit ? KlForm.Divergence : problem.Form, lanes) switch
        {
            (KlForm.Decoupled, _) => new DecoupledRows<TVector, TElement>(problem),
            (KlForm.JensenShannon, true) => new RatioLanes<TVector, TElement, JsdTerm<TVector, TElement>>(problem),
            (KlForm.JensenShannon, _) => new RatioRows<TVector, TElement, JsdTerm<TVector, TElement>>(problem),
            (KlForm.TotalVariation, true) =>
                new RatioLanes<TVector, TElement, VariationTerm<TVector, TElement>>(problem),
            (KlForm.TotalVariation, _) =>
                new RatioRows<TVector, TElement, VariationTerm<TVector, TElement>>(problem),
            (_, true) => new KlLanes<TVector, TElement>(problem),
            (_, _) => new KlRows<TVector, TElement>(problem),
        };
    }

    public override void Execute(int chunk)
    {
        (long first, long end) = plan.UnitsOf(chunk);
        fixed (double* sumsOfChunk = &sums[chunk * HintonTotals.Count])
            Execute(first, end, sumsOfChunk);
    }

    protected abstract void Execute(long first, long end, double* sumsOfChunk);

    /// <summary>Brings class weights into the layout of the kernel.</summary>
    protected abstract void PrepareWeights();

    protected static TElement* Allocate(long elements) =>
        (TElement*)NativeMemory.AlignedAlloc((nuint)(elements * sizeof(TElement)), 64);

    protected static long Padded(long elements) => (elements + TVector.Width - 1) / TVector.Width * TVector.Width;

    /// <summary>What a finished row's divergence comes to, T² not applied.</summary>
    protected double SumOf(in KlValue value) =>
        Problem.WithTeacherEntropy ? value.Sum + value.WeightedEntropy : value.Sum;

    /// <summary>Writes a row's loss and metrics and adds them to the chunk's sums.</summary>
    protected void Emit(long row, double* metrics, double* sumsOfChunk)
    {
        double loss = Term(Problem.KlWeight, metrics[(int)HintonMetric.Kl])
            + Term(Problem.CrossEntropyWeight, metrics[(int)HintonMetric.CrossEntropy]);
        sumsOfChunk[0] += loss;
        if (writesRowLosses) Memory.Write(Problem.Loss!.Value, row, 0, loss);
        if (!WantsMetrics) return;
        for (int i = 0; i < HintonLoss.MetricCount; i++) sumsOfChunk[i + 1] += metrics[i];
        if (Problem.RowMetrics is not { } target) return;
        for (int i = 0; i < HintonLoss.MetricCount; i++) Memory.Write(target, row, i, metrics[i]);
    }

    /// <summary>The same where there are no metrics.</summary>
    protected void EmitLoss(long row, double loss, double* sumsOfChunk)
    {
        sumsOfChunk[0] += loss;
        if (writesRowLosses) Memory.Write(Problem.Loss!.Value, row, 0, loss);
    }

    /// <summary>Everything of a row that the mask excludes is 0.</summary>
    protected void EmitIgnored(long row)
    {
        if (writesRowLosses) Memory.Write(Problem.Loss!.Value, row, 0, 0);
        if (Problem.RowMetrics is { } metrics) Memory.Zero(metrics, row);
        if (Problem.StudentGradient is { } student) Memory.Zero(student, row);
        if (Problem.TeacherGradient is { } teacher) Memory.Zero(teacher, row);
    }

    protected bool IsValid(long row) => !hasLabels || Problem.IsValid(row);

    /// <summary>What the row's gradient with respect to its loss is multiplied by.</summary>
    protected double UpstreamScale(long row) =>
        upstreamPerRow ? Problem.UpstreamOf(row) / Problem.Divisor : upstreamScale;

    protected double WeightOf(long label) => Problem.ClassWeights is { } w ? Memory.Read(w, 0, label) : 1;

    /// <summary>The sums of a walk, in the variant that the problem asks for.</summary>
    protected void Accumulate(
        in Walk<TElement> walk,
        in Origin<TVector> origin,
        in Kept<TElement> kept,
        bool exact,
        out KlSums<TVector> sums)
    {
        switch (Keeps, Weighted, WantsEntropies)
        {
            case (false, false, false): Run<Off, Off, Off>(walk, origin, kept, out sums); break;
            case (true, false, false): Run<On, Off, Off>(walk, origin, kept, out sums); break;
            case (false, true, false): Run<Off, On, Off>(walk, origin, kept, out sums); break;
            case (true, true, false): Run<On, On, Off>(walk, origin, kept, out sums); break;
            case (false, false, true): Run<Off, Off, On>(walk, origin, kept, out sums); break;
            case (true, false, true): Run<On, Off, On>(walk, origin, kept, out sums); break;
            case (false, true, true): Run<Off, On, On>(walk, origin, kept, out sums); break;
            case (true, true, true): Run<On, On, On>(walk, origin, kept, out sums); break;
        }

        void Run<TKeep, TWeighted, TEntropies>(
            in Walk<TElement> w, in Origin<TVector> o, in Kept<TElement> k, out KlSums<TVector> result)
            where TKeep : struct, IFlag
            where TWeighted : struct, IFlag
            where TEntropies : struct, IFlag
        {
            if (exact)
                KlKernels<TVector, TElement>.Accumulate<KlMode<On, TKeep, TWeighted, TEntropies>>(w, o, Scale, k, out result);
            else
                KlKernels<TVector, TElement>.Accumulate<KlMode<Off, TKeep, TWeighted, TEntropies>>(w, o, Scale, k, out result);
        }
    }

    /// <summary>
    /// Whether a row's finished sums hold: nothing infinite or NaN, no class where the student's ratio runs away, and,
    /// in single precision, no KL that is only the small rest of a cancellation.
    /// </summary>
    protected static bool Holds(in KlState state, in KlValue value)
    {
        if (!double.IsFinite(state.Mass + state.First + state.Gap)) return false;
        if (typeof(TElement) == typeof(double)) return true;

        // What KL = mean + log(1 + y) is made of, with y = gap − mean: for small y it is the rest of the gap. A large
        // gap, as logits at T = 1 have it, reaches KL through the logarithm alone, with the relative error of 1 + y.
        double y = value.Gap - value.Mean;
        double parts = Math.Abs(y) < 0.1
            ? value.Gap
            : Math.Abs(value.Mean) + ((value.Gap + Math.Abs(value.Mean)) / (1 + y));
        return parts <= WorstCancellation * value.Kl;
    }

    /// <summary>a − b in the kernel's precision, and what that rounding lost.</summary>
    protected static (double Value, double Error) Difference(double a, double b)
    {
        if (typeof(TElement) != typeof(float)) return ScalarMath.Difference(a, b);
        double d = (float)(a - b);
        return (d, a - b - d);
    }

    /// <summary>The mean of t − s over the classes, as a value in the kernel's precision and the rest.</summary>
    protected static (double Value, double Error) MeanDifference(double difference, double error, double centredMean)
    {
        double rest = error - centredMean;
        double mean = typeof(TElement) == typeof(float) ? (float)(difference + rest) : difference + rest;
        return (mean, difference - mean + rest);
    }

    /// <summary>A term of weight 0 is left out, even where it is infinite.</summary>
    protected static double Term(double weight, double value) => weight == 0 ? 0 : weight * value;

    protected void RefuseExcluded(long row, TElement* s, TElement* t, long sStride, long tStride)
    {
        for (long c = 0; c < Classes; c++)
        {
            if (double.IsNegativeInfinity(Memory.Get(s + (c * sStride)))) Refuse(row, c, isStudent: true);
            if (double.IsNegativeInfinity(Memory.Get(t + (c * tStride)))) Refuse(row, c, isStudent: false);
        }
    }

    private void Refuse(long row, long c, bool isStudent) => throw new ArgumentException(
        $"expected finite logits at temperature infinity but got -inf in row {row}, class {c}",
        isStudent != Problem.IsSwapped ? "student" : "teacher");
}
