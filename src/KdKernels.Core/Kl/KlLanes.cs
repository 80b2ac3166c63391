namespace KdKernels.Core;

/// <summary>
/// Many rows at once, one in each lane: for logits whose class dimension is strided while neighbouring rows lie side by
/// side ([N, C, H, W]). A vector of pixels walks through the classes; nothing is copied or transposed. Rows that need
/// care are redone one by one.
/// </summary>
internal unsafe partial class KlLanes<TVector, TElement> : KlWork<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // A fixed cut of the rows, the same for every vector width.
    private const long PixelsPerUnit = 64;

    // After so many classes the lanes' sums go to double.
    protected const int BlockSize = 256;

    // A vector's worth of kept values per class must stay a moderate buffer.
    private const long MostClasses = 1 << 20;

    private readonly long unitsPerOuter;

    public KlLanes(KlProblem problem)
        : base(problem, problem.Student.Outer * UnitsOf(problem), PixelsPerUnit * problem.Student.Length)
    {
        unitsPerOuter = UnitsOf(problem);
    }

    public static bool Fits(KlProblem problem)
    {
        return problem.Student.Inner > 1
            && problem.Student.Length is > 1 and <= MostClasses
            && (problem.Student.ElementStride != 1 || problem.Teacher.ElementStride != 1)
            && HasAdjacentRows(problem.Student)
            && HasAdjacentRows(problem.Teacher)
            && (problem.StudentGradient is not { } student || HasAdjacentRows(student))
            && (problem.TeacherGradient is not { } teacher || HasAdjacentRows(teacher));
    }

    protected override void PrepareWeights()
    {
        if (Problem.ClassWeights is not { } weights) return;
        Weights = Allocate(Classes * TVector.Width);
        for (long c = 0; c < Classes; c++)
            TVector.Store(Weights + (c * TVector.Width), TVector.Broadcast(Memory.Read(weights, 0, c)));
    }

    protected override void Execute(long first, long end, double* sumsOfChunk)
    {
        var buffers = new LaneBuffers<TElement>(Classes, TVector.Width);
        // Per lane, outside of the loops: the stack is given back only when the method returns.
        LaneRow* rows = stackalloc LaneRow[TVector.Width];
        for (long unit = first; unit < end; unit++)
        {
            (long outer, long tile) = Math.DivRem(unit, unitsPerOuter);
            long endOfTile = Math.Min(Problem.Student.Inner, (tile + 1) * PixelsPerUnit);
            for (long inner = tile * PixelsPerUnit; inner < endOfTile; inner += TVector.Width)
            {
                var group = new LaneGroup<TElement>(
                    Problem, outer, inner, (int)Math.Min(TVector.Width, endOfTile - inner));
                ProcessGroup(group, rows, buffers);
                EmitGroup(group, rows, buffers, sumsOfChunk);
            }
        }
    }

    private void ProcessGroup(in LaneGroup<TElement> group, LaneRow* rows, in LaneBuffers<TElement> buffers)
    {
        for (int lane = 0; lane < TVector.Width; lane++)
        {
            rows[lane] = default;
            rows[lane].IsValid = lane < group.Lanes && IsValid(group.FirstRow + lane);
            rows[lane].Upstream = rows[lane].IsValid && WantsGradient ? UpstreamScale(group.FirstRow + lane) : 0;
        }

        if (Problem.WithCrossEntropy) CrossEntropy(group, rows, buffers);
        if (Problem.IsLimit)
        {
            Limit(group, rows, buffers);
            return;
        }

        Sum(group, rows, buffers);
        Finish(group, rows, buffers);
    }

    /// <summary>What follows the sums: the gradients.</summary>
    protected virtual void Finish(in LaneGroup<TElement> group, LaneRow* rows, in LaneBuffers<TElement> buffers)
    {
        if (WantsGradient) WriteGradients(group, rows, buffers);
    }

    /// <summary>Where the sums' pass keeps what the gradients are made from.</summary>
    protected virtual Kept<TElement> KeptIn(in LaneBuffers<TElement> buffers) =>
        buffers.Kept(withX: Problem.TeacherGradient is not null);

    /// <summary>One walk to choose each lane's origin, one for the sums.</summary>
    private void Sum(in LaneGroup<TElement> group, LaneRow* rows, in LaneBuffers<TElement> buffers)
    {
        OriginSearch<TVector> search = KlKernels<TVector, TElement>.FindOrigin(Walk(group, 0, (int)Classes));
        TElement* teacher = buffers.Lane(
            0), difference = buffers.Lane(1), sum = buffers.Lane(2), sumDifference = buffers.Lane(3);
        TVector.Store(teacher, search.Largest);
        TVector.Store(difference, search.There);
        TVector.Store(sum, search.Sum);
        TVector.Store(sumDifference, search.SumDifference);
        for (int lane = 0; lane < TVector.Width; lane++)
        {
            double t = Memory.Get(teacher + lane);
            double d = KlState.GuessDifference(
                t, Memory.Get(
                    difference + lane), Memory.Get(sum + lane), Memory.Get(sumDifference + lane), Classes, Scale);
            ref LaneRow row = ref rows[lane];
            row.State = KlState.Empty;
            // A lane without an origin still takes part, from 0; what it adds up is not used.
            row.NeedsCare = !double.IsFinite(t) || !double.IsFinite(d);
            Memory.Put(teacher + lane, row.NeedsCare ? 0 : t);
            Memory.Put(difference + lane, row.NeedsCare ? 0 : d);
            row.State.MoveTo(Memory.Get(teacher + lane), Memory.Get(difference + lane), 0, Scale);
        }

        var origin = new Origin<TVector>
        {
            Teacher = TVector.Load(teacher),
            Difference = TVector.Load(difference),
            DifferenceError = TVector.Broadcast(0),
        };
        Kept<TElement> kept = KeptIn(buffers);
        for (long at = 0; at < Classes; at += BlockSize)
        {
            Walk<TElement> walk = Walk(group, at, (int)Math.Min(BlockSize, Classes - at));
            Accumulate(walk, origin, kept.From(at * TVector.Width), exact: true, out KlSums<TVector> sums);
            Add(sums, rows, buffers);
        }

        for (int lane = 0; lane < group.Lanes; lane++)
        {
            rows[lane].Value = rows[lane].State.Finish(Weighted, WantsEntropies);
            rows[lane].NeedsCare |= !Holds(rows[lane].State, rows[lane].Value, moved: false);
        }
    }

    private void Add(in KlSums<TVector> sums, LaneRow* rows, in LaneBuffers<TElement> buffers)
    {
        TElement* lanes = buffers.Lane(0);
        TVector.Store(lanes, sums.Mass);
        TVector.Store(buffers.Lane(1), sums.First);
        TVector.Store(buffers.Lane(2), sums.Gap);
        TVector.Store(buffers.Lane(3), sums.Largest);
        TVector.Store(buffers.Lane(4), sums.WeightedMass);
        TVector.Store(buffers.Lane(5), sums.WeightedFirst);
        TVector.Store(buffers.Lane(6), sums.TeacherLog);
        TVector.Store(buffers.Lane(7), sums.StudentLog);
        TVector.Store(buffers.Lane(8), sums.WeightedTeacherLog);
        for (int lane = 0; lane < TVector.Width; lane++)
        {
            ref KlState state = ref rows[lane].State;
            state.Mass += Memory.Get(buffers.Lane(0) + lane);
            state.First += Memory.Get(buffers.Lane(1) + lane);
            state.Gap += Memory.Get(buffers.Lane(2) + lane);
            rows[lane].NeedsCare |= !(Memory.Get(buffers.Lane(3) + lane) <= LargestX);
            state.WeightedMass += Memory.Get(buffers.Lane(4) + lane);
            state.WeightedFirst += Memory.Get(buffers.Lane(5) + lane);
            state.TeacherLog += 0.6931471805599453 * Memory.Get(buffers.Lane(6) + lane);
            state.StudentLog += Memory.Get(buffers.Lane(7) + lane);
            state.WeightedTeacherLog += 0.6931471805599453 * Memory.Get(buffers.Lane(8) + lane);
        }
    }

    private void WriteGradients(in LaneGroup<TElement> group, LaneRow* rows, in LaneBuffers<TElement> buffers)
    {
        for (int lane = 0; lane < TVector.Width; lane++)
        {
            ref LaneRow row = ref rows[lane];
            Memory.Put(
                buffers.Lane(0) + lane, row.Upstream * Problem.KlWeight * Problem.GradientFactor / row.State.Mass);
            Memory.Put(buffers.Lane(1) + lane, row.Value.Shift);
            Memory.Put(buffers.Lane(2) + lane, row.Value.Mass);
            Memory.Put(buffers.Lane(3) + lane, row.Value.Sum);
            Memory.Put(buffers.Lane(4) + lane, row.Hard.GradientScale);
            Memory.Put(buffers.Lane(5) + lane, row.Value.Mean);
            (double ratio, double growth) = ScalarMath.ExpAndExpm1(row.Value.Shift);
            Memory.Put(buffers.Lane(6) + lane, ratio);
            Memory.Put(buffers.Lane(7) + lane, growth);
        }

        var terms = new GradientTerms<TVector>
        {
            Scale = TVector.Load(buffers.Lane(0)),
            Shift = TVector.Load(buffers.Lane(1)),
            Mass = TVector.Load(buffers.Lane(2)),
            Sum = TVector.Load(buffers.Lane(3)),
            CrossEntropy = TVector.Load(buffers.Lane(4)),
            Slope = TVector.Broadcast(1),
            Mean = TVector.Load(buffers.Lane(5)),
            Ratio = TVector.Load(buffers.Lane(6)),
            Growth = TVector.Load(buffers.Lane(7)),
        };
        Kept<TElement> kept = KeptIn(buffers);
        Walk<TElement> walk = Walk(group, 0, (int)Classes);
        if (Problem.StudentGradient is { } student)
        {
            TElement* target = group.At(student);
            GradientKernels<TVector, TElement>.Student(
                walk,
                terms,
                kept,
                HasHardGradient ? buffers.Exp : null,
                target,
                student.ElementStride);
            SubtractLabels(group, rows, target, student.ElementStride);
        }

        if (Problem.TeacherGradient is { } teacher)
        {
            GradientKernels<TVector, TElement>.Teacher(
                walk, terms, kept, group.At(teacher), teacher.ElementStride);
        }
    }

    protected Walk<TElement> Walk(in LaneGroup<TElement> group, long at, int count) => new()
    {
        Student = group.Student + (at * Problem.Student.ElementStride),
        Teacher = group.Teacher + (at * Problem.Teacher.ElementStride),
        StudentStride = Problem.Student.ElementStride,
        TeacherStride = Problem.Teacher.ElementStride,
        Weights = Weights is null ? null : Weights + (at * TVector.Width),
        Steps = count,
        FullSteps = group.Lanes == TVector.Width ? count : 0,
        Lanes = group.Lanes,
    };

    private static long UnitsOf(KlProblem problem) => (problem.Student.Inner + PixelsPerUnit - 1) / PixelsPerUnit;

    private static bool HasAdjacentRows(RowsView view) => view.InnerStride == 1 && Memory.IsStoredAs<TElement>(view);
}
