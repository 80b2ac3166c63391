namespace KdKernels.Core;

/// <summary>
/// Rows one by one, classes in the lanes. A row is read once from memory, in blocks that stay in the first-level cache
/// while their maximum is found and their sums are taken; the gradient is made from what the sums' pass kept (p̃ and
/// x), so that it needs one exponential per element instead of three.
/// </summary>
internal unsafe partial class KlRows<TVector, TElement> : KlWork<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // Two blocks of logits fill half of a 32 KiB first-level cache.
    private const int BlockBytes = 8192;

    private readonly bool withCrossEntropy;
    private readonly bool isLimit;
    private readonly double klFactor;
    private readonly double klGradientFactor;

    // Copied out of the problem, as the properties below are: unwrapping optional views row by row shows at 100
    // classes.
    private readonly RowsView studentGradients;
    private readonly RowsView teacherGradients;

    public KlRows(KlProblem problem)
        : base(problem, problem.Student.Rows, problem.Student.Length)
    {
        Student = problem.Student;
        Teacher = problem.Teacher;
        withCrossEntropy = problem.WithCrossEntropy;
        isLimit = problem.IsLimit;
        klFactor = problem.KlFactor;
        klGradientFactor = problem.KlWeight * problem.GradientFactor;
        HasStudentGradient = problem.StudentGradient is not null;
        HasTeacherGradient = problem.TeacherGradient is not null;
        studentGradients = problem.StudentGradient.GetValueOrDefault();
        teacherGradients = problem.TeacherGradient.GetValueOrDefault();
    }

    protected static int BlockSize => BlockBytes / sizeof(TElement);

    protected RowsView Student { get; }

    protected RowsView Teacher { get; }

    protected bool HasStudentGradient { get; }

    protected bool HasTeacherGradient { get; }

    protected override void PrepareWeights()
    {
        if (Problem.ClassWeights is not { } weights) return;
        long padded = Padded(Classes);
        Weights = Allocate(padded);
        for (long c = Classes; c < padded; c++) Memory.Put(Weights + c, 0);
        Memory.Gather(weights, 0, Weights);
    }

    protected override void Execute(long first, long end, double* sumsOfChunk)
    {
        long length = Student.Length;
        var buffers = new RowBuffers<TElement>(Padded(length), (int)((length + BlockSize - 1) / BlockSize));
        for (long row = first; row < end; row++)
        {
            if (IsValid(row))
                ProcessRow(row, buffers, sumsOfChunk);
            else
                EmitIgnored(row);
        }
    }

    /// <summary>Computes a valid row and writes what is asked for.</summary>
    protected virtual void ProcessRow(long row, in RowBuffers<TElement> buffers, double* sumsOfChunk)
    {
        TElement* s = RowBuffers<TElement>.Input(Student, row, buffers.Student);
        TElement* t = RowBuffers<TElement>.Input(Teacher, row, buffers.Teacher);
        double upstream = WantsGradient ? UpstreamScale(row) : 0;
        double klScale = klGradientFactor * upstream;
        CrossEntropyRow hard = withCrossEntropy ? CrossEntropy(row, s, upstream, buffers) : default;
        KlValue value;
        if (isLimit)
        {
            value = Limit(row, s, t, klScale, buffers);
            if (WantsGradient) AddCrossEntropyGradient(row, hard, buffers);
        }
        else if (TrySum(s, t, buffers, out KlState state, out value))
        {
            if (WantsGradient) WriteGradients(row, state, value, klScale, hard, buffers);
        }
        else
        {
            var careful = new CarefulRow(Problem, row);
            value = careful.Value;
            if (WantsGradient)
            {
                careful.WriteGradients(klScale);
                AddCrossEntropyGradient(row, hard, buffers);
            }
        }

        double* metrics = stackalloc double[HintonLoss.MetricCount];
        metrics[(int)HintonMetric.CrossEntropy] = hard.Value;
        metrics[(int)HintonMetric.Kl] = SumOf(value) * klFactor;
        metrics[(int)HintonMetric.StudentEntropy] = value.StudentEntropy;
        metrics[(int)HintonMetric.TeacherEntropy] = value.TeacherEntropy;
        metrics[(int)HintonMetric.Hit] = metrics[(int)HintonMetric.Agreement] = 0;
        if (WantsMetrics && !double.IsNaN(value.Sum))
        {
            long top = LogitKernels<TVector, TElement>.FirstIndexOf(s, Classes, hard.Largest);
            double largest = LargestOf(t);
            metrics[(int)HintonMetric.Hit] = top == hard.Label ? 1 : 0;
            metrics[(int)HintonMetric.Agreement] =
                top == LogitKernels<TVector, TElement>.FirstIndexOf(t, Classes, largest) ? 1 : 0;
        }

        Emit(row, metrics, sumsOfChunk);
    }

    /// <summary>
    /// The row's sums, block by block; false where they cannot be trusted and the row must be done in double.
    /// </summary>
    protected bool TrySum(
        TElement* s, TElement* t, in RowBuffers<TElement> buffers, out KlState state, out KlValue value)
    {
        state = KlState.Empty;
        value = default;
        double* origin = buffers.Origins;
        Kept<TElement> kept = KeptIn(buffers);
        for (long at = 0; at < Classes; at += BlockSize, origin += RowBuffers<TElement>.OriginLength)
        {
            Walk<TElement> walk = Block(s, t, at);
            OriginSearch<TVector> search = KlKernels<TVector, TElement>.FindOrigin(walk);
            double largest = TVector.Largest(search.Largest);
            if (largest > state.Teacher || !state.HasOrigin)
            {
                // A single class is compared with itself and must give exactly 0, so its rounding error belongs to the
                // origin.
                (double difference, double error) = Classes == 1
                    ? Difference(Memory.Get(t), Memory.Get(s))
                    : (Guess(search, largest, Math.Min(BlockSize, Classes - at)), 0);
                if (!double.IsFinite(largest) || !double.IsFinite(difference)) return false;
                state.MoveTo(largest, difference, error, Scale);
            }

            origin[0] = state.Teacher;
            origin[1] = state.Difference;
            origin[2] = state.DifferenceError;
            bool exact = state.DifferenceError != 0;
            Origin<TVector> measured = state.Origin<TVector, TElement>();
            Accumulate(walk, measured, kept.From(at), exact, out KlSums<TVector> sums);
            if (!exact && NeedsExact(state, sums)) Accumulate(walk, measured, kept.From(at), exact: true, out sums);
            if (!(TVector.Largest(sums.Largest) <= LargestX)) return false;
            state.Add<TVector, TElement>(sums, Weighted, WantsEntropies);
        }

        value = state.Finish(Weighted, WantsEntropies);
        return Holds(state, value);
    }

    /// <summary>Where the sums' pass keeps what the gradients are made from.</summary>
    protected virtual Kept<TElement> KeptIn(in RowBuffers<TElement> buffers) => buffers.Kept(withX: HasTeacherGradient);

    /// <summary>
    /// What turns kept values of a block into normalised ones: blocks before the last move of the origin were measured
    /// from another class.
    /// </summary>
    protected GradientTerms<TVector> TermsOf(double* origin, in KlState state, in KlValue value, double scale)
    {
        double rescale = origin[0] == state.Teacher ? 1 : Math.Exp((origin[0] - state.Teacher) * Scale);
        double moved = ((origin[1] - state.Difference) + (origin[2] - state.DifferenceError)) * Scale;
        (double ratio, double growth) = ScalarMath.ExpAndExpm1(value.Shift - moved);
        return new GradientTerms<TVector>
        {
            Scale = TVector.Broadcast(scale / state.Mass * rescale),
            Shift = TVector.Broadcast(value.Shift - moved),
            Ratio = TVector.Broadcast(ratio),
            Growth = TVector.Broadcast(growth),
            Slope = TVector.Broadcast(1),
            Mean = TVector.Broadcast(value.Mean - moved),
            Mass = TVector.Broadcast(value.Mass),
            Sum = TVector.Broadcast(value.Sum),
        };
    }

    // The rounding of t − s is 2^-25 of the difference at the origin. That is nothing beside differences that vary by a
    // sixteenth of it or more, which is all but logits shifted as a whole; 2·gap/mass is about their mean square.
    private bool NeedsExact(in KlState state, in KlSums<TVector> sums)
    {
        double shift = state.Difference * Scale;
        return shift * shift * TVector.Sum(sums.Mass) > 256 * 2 * TVector.Sum(sums.Gap);
    }

    private void WriteGradients(
        long row,
        in KlState state,
        in KlValue value,
        double klScale,
        in CrossEntropyRow hard,
        in RowBuffers<TElement> buffers)
    {
        TElement* studentGradient = StudentOutput(row, buffers), teacherGradient = TeacherOutput(row, buffers);
        double* origin = buffers.Origins;
        Kept<TElement> kept = KeptIn(buffers);
        for (long at = 0; at < Classes; at += BlockSize, origin += RowBuffers<TElement>.OriginLength)
        {
            GradientTerms<TVector> terms = TermsOf(origin, state, value, klScale);
            terms.CrossEntropy = TVector.Broadcast(hard.GradientScale);
            Walk<TElement> walk = Block(null, null, at);
            if (studentGradient is not null)
            {
                GradientKernels<TVector, TElement>.Student(
                    walk,
                    terms,
                    kept.From(at),
                    hard.HasGradient ? buffers.Exp + at : null,
                    studentGradient + at,
                    TVector.Width);
            }

            if (teacherGradient is not null)
            {
                GradientKernels<TVector, TElement>.Teacher(
                    walk, terms, kept.From(at), teacherGradient + at, TVector.Width);
            }
        }

        if (hard.HasGradient)
        {
            TElement* atLabel = studentGradient + hard.Label;
            Memory.Put(atLabel, Memory.Get(atLabel) - hard.LabelGradient);
        }

        FinishOutputs(row, studentGradient, teacherGradient);
    }

    /// <summary>Where the student's gradient of a row is written to, or null.</summary>
    protected TElement* StudentOutput(long row, in RowBuffers<TElement> buffers) =>
        HasStudentGradient ? Output(studentGradients, row, buffers.StudentGradient) : null;

    /// <summary>Where the teacher's gradient of a row is written to, or null.</summary>
    protected TElement* TeacherOutput(long row, in RowBuffers<TElement> buffers) =>
        HasTeacherGradient ? Output(teacherGradients, row, buffers.TeacherGradient) : null;

    /// <summary>Brings gradients that were not written in place there.</summary>
    protected void FinishOutputs(long row, TElement* studentGradient, TElement* teacherGradient)
    {
        if (HasStudentGradient) FinishOutput(studentGradients, row, studentGradient);
        if (HasTeacherGradient) FinishOutput(teacherGradients, row, teacherGradient);
    }

    protected Walk<TElement> Block(TElement* s, TElement* t, long at)
    {
        int count = (int)Math.Min(BlockSize, Classes - at);
        return new Walk<TElement>
        {
            Student = s + at,
            Teacher = t + at,
            StudentStride = TVector.Width,
            TeacherStride = TVector.Width,
            Weights = Weights is null ? null : Weights + at,
            Ahead = count,
            Steps = (count + TVector.Width - 1) / TVector.Width,
            FullSteps = count / TVector.Width,
            Lanes = count % TVector.Width,
        };
    }

    private double Guess(in OriginSearch<TVector> search, double largest, long count)
    {
        int lane = TVector.FirstEqual(search.Largest, TVector.Broadcast(largest));
        if (lane >= TVector.Width) return double.NaN;
        TElement* there = stackalloc TElement[TVector.Width];
        TVector.Store(there, search.There);
        double difference = KlState.GuessDifference(
            largest, Memory.Get(
                there + lane), TVector.Sum(search.Sum), TVector.Sum(search.SumDifference), count, Scale);
        return typeof(TElement) == typeof(float) ? (float)difference : difference;
    }

    private static TElement* Output(in RowsView view, long row, TElement* copy)
    {
        TElement* direct = Memory.Direct<TElement>(view, row);
        return direct is not null ? direct : copy;
    }

    private static void FinishOutput(in RowsView view, long row, TElement* written)
    {
        if (view.ElementStride != 1 || !Memory.IsStoredAs<TElement>(view)) Memory.Scatter(view, row, written);
    }
}
