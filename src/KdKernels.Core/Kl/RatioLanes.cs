namespace KdKernels.Core;

/// <summary>
/// f-divergences of many rows at once, one in each lane: see <see cref="RatioRows{TVector, TElement, TTerm}"/>.
/// </summary>
internal sealed unsafe class RatioLanes<TVector, TElement, TTerm>(KlProblem problem)
    : KlLanes<TVector, TElement>(problem)
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
    where TTerm : struct, IRatioTerm<TVector>
{
    private readonly RatioConstants<TVector> constants =
        RatioSeries.Constants<TVector, TElement>(problem.MixtureWeight);

    protected override bool Keeps => true;

    protected override Kept<TElement> KeptIn(in LaneBuffers<TElement> buffers) => buffers.KeptWithRatio();

    protected override void Finish(in LaneGroup<TElement> group, LaneRow* rows, in LaneBuffers<TElement> buffers)
    {
        for (int lane = 0; lane < TVector.Width; lane++)
        {
            ref LaneRow row = ref rows[lane];
            (double ratio, double growth) = ScalarMath.ExpAndExpm1(row.Value.Shift);
            Memory.Put(buffers.Lane(0) + lane, 1 / row.State.Mass);
            Memory.Put(buffers.Lane(1) + lane, row.Value.Shift);
            Memory.Put(buffers.Lane(2) + lane, ratio);
            Memory.Put(buffers.Lane(3) + lane, growth);
            row.Ratio = default;
        }

        var terms = new GradientTerms<TVector>
        {
            Scale = TVector.Load(buffers.Lane(0)),
            Shift = TVector.Load(buffers.Lane(1)),
            Ratio = TVector.Load(buffers.Lane(2)),
            Growth = TVector.Load(buffers.Lane(3)),
        };
        Kept<TElement> kept = KeptIn(buffers);
        for (long at = 0; at < Classes; at += BlockSize)
        {
            int steps = (int)Math.Min(BlockSize, Classes - at);
            Kept<TElement> block = kept.From(at * TVector.Width);
            // A row's bits must not depend on its neighbours', so all are taken for near-equal ones.
            RatioKernels<TVector, TElement, TTerm>.Sum(
                steps,
                block,
                terms,
                constants,
                (Problem.StudentGradient is not null, Problem.TeacherGradient is not null, Near: true),
                out RatioLaneSums<TVector> sums);
            Add(sums, rows, buffers);
        }

        for (int lane = 0; lane < TVector.Width; lane++) rows[lane].Value.Sum = rows[lane].Ratio.Value;
        if (WantsGradient) WriteGradients(group, rows, buffers);
    }

    protected override void Redo(
        in LaneGroup<TElement> group, int lane, ref LaneRow row, in LaneBuffers<TElement> buffers)
    {
        var careful = new CarefulRow(Problem, group.FirstRow + lane);
        row.Value.Sum = RatioCareful.Sum<TVector, TTerm>(careful, Problem.MixtureWeight, out RatioSums sums);
        if (WantsGradient)
            RatioCareful.WriteGradients(careful, sums, row.Upstream * Problem.GradientFactor, TTerm.HasSigns);
    }

    private static void Add(in RatioLaneSums<TVector> sums, LaneRow* rows, in LaneBuffers<TElement> buffers)
    {
        TVector.Store(buffers.Lane(0), sums.Value);
        TVector.Store(buffers.Lane(1), sums.Student);
        TVector.Store(buffers.Lane(2), sums.StudentRest);
        TVector.Store(buffers.Lane(3), sums.Teacher);
        TVector.Store(buffers.Lane(4), sums.TeacherRest);
        for (int lane = 0; lane < TVector.Width; lane++)
        {
            ref RatioSums row = ref rows[lane].Ratio;
            row.Value += Memory.Get(buffers.Lane(0) + lane);
            row.Student += Memory.Get(buffers.Lane(1) + lane);
            row.StudentRest += Memory.Get(buffers.Lane(2) + lane);
            row.Teacher += Memory.Get(buffers.Lane(3) + lane);
            row.TeacherRest += Memory.Get(buffers.Lane(4) + lane);
        }
    }

    private void WriteGradients(in LaneGroup<TElement> group, LaneRow* rows, in LaneBuffers<TElement> buffers)
    {
        for (int lane = 0; lane < TVector.Width; lane++)
        {
            ref LaneRow row = ref rows[lane];
            Memory.Put(buffers.Lane(0) + lane, row.Ratio.Student);
            Memory.Put(buffers.Lane(1) + lane, row.Ratio.StudentRest);
            Memory.Put(buffers.Lane(2) + lane, row.Ratio.Teacher);
            Memory.Put(buffers.Lane(3) + lane, row.Ratio.TeacherRest);
            Memory.Put(buffers.Lane(4) + lane, row.Upstream * Problem.GradientFactor);
        }

        TVector scale = TVector.Load(buffers.Lane(4));
        Kept<TElement> kept = KeptIn(buffers);
        Walk<TElement> walk = Walk(group, 0, (int)Classes);
        if (Problem.StudentGradient is { } student)
        {
            RatioKernels<TVector, TElement, TTerm>.Gradient(
                walk,
                kept.Ratio,
                kept.X,
                TVector.Load(buffers.Lane(0)),
                TVector.Load(buffers.Lane(1)),
                scale,
                group.At(student),
                student.ElementStride);
        }

        if (Problem.TeacherGradient is { } teacher)
        {
            RatioKernels<TVector, TElement, TTerm>.Gradient(
                walk,
                kept.Mass,
                kept.Growth,
                TVector.Load(buffers.Lane(2)),
                TVector.Load(buffers.Lane(3)),
                scale,
                group.At(teacher),
                teacher.ElementStride);
        }
    }
}
