namespace KdKernels.Core;

/// <summary>
/// f-divergences of rows one by one: the pass of the divergence finds p and log(q/p) without cancellation and keeps
/// what it is made from; a second pass over that, in the first-level cache, sums p·f(q/p).
/// </summary>
internal sealed unsafe class RatioRows<TVector, TElement, TTerm>(KlProblem problem)
    : KlRows<TVector, TElement>(problem)
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
    where TTerm : struct, IRatioTerm<TVector>
{
    // A row whose KL is above this has an f that is not small beside the terms that it is made of: the rounding of
    // those, of size |q − p|, is then a few units of its last digit.
    private const double FarFromEqual = 0.05;

    private readonly RatioConstants<TVector> constants =
        RatioSeries.Constants<TVector, TElement>(problem.MixtureWeight);

    protected override bool Keeps => true;

    protected override Kept<TElement> KeptIn(in RowBuffers<TElement> buffers) => buffers.KeptWithRatio();

    protected override void ProcessRow(long row, in RowBuffers<TElement> buffers, double* sumsOfChunk)
    {
        TElement* s = RowBuffers<TElement>.Input(Student, row, buffers.Student);
        TElement* t = RowBuffers<TElement>.Input(Teacher, row, buffers.Teacher);
        double scale = WantsGradient ? UpstreamScale(row) * Problem.GradientFactor : 0;
        double value;
        if (TrySum(s, t, buffers, out KlState state, out KlValue kl))
        {
            RatioSums sums = Sum(state, kl, buffers);
            value = sums.Value;
            if (WantsGradient) WriteGradients(row, sums, scale, buffers);
        }
        else
        {
            var careful = new CarefulRow(Problem, row);
            value = RatioCareful.Sum<TVector, TTerm>(careful, Problem.MixtureWeight, out RatioSums sums);
            if (WantsGradient) RatioCareful.WriteGradients(careful, sums, scale, TTerm.HasSigns);
        }

        EmitLoss(row, value * Problem.KlFactor, sumsOfChunk);
    }

    private RatioSums Sum(in KlState state, in KlValue kl, in RowBuffers<TElement> buffers)
    {
        var total = default(RatioSums);
        double* origin = buffers.Origins;
        Kept<TElement> kept = KeptIn(buffers);
        bool isNear = !(kl.Kl > FarFromEqual);
        for (long at = 0; at < Classes; at += BlockSize, origin += RowBuffers<TElement>.OriginLength)
        {
            int steps = Block(null, null, at).Steps;
            GradientTerms<TVector> terms = TermsOf(origin, state, kl, 1);
            RatioKernels<TVector, TElement, TTerm>.Sum(
                steps,
                kept.From(at),
                terms,
                constants,
                (HasStudentGradient, HasTeacherGradient, isNear),
                out RatioLaneSums<TVector> sums);
            total.Value += TVector.Sum(sums.Value);
            if (!WantsGradient) continue;
            total.Student += TVector.Sum(sums.Student);
            total.StudentRest += TVector.Sum(sums.StudentRest);
            total.Teacher += TVector.Sum(sums.Teacher);
            total.TeacherRest += TVector.Sum(sums.TeacherRest);
        }

        return total;
    }

    private void WriteGradients(long row, in RatioSums sums, double scale, in RowBuffers<TElement> buffers)
    {
        TElement* student = StudentOutput(row, buffers), teacher = TeacherOutput(row, buffers);
        Kept<TElement> kept = KeptIn(buffers);
        var walk = new Walk<TElement>
        {
            Steps = (int)(Padded(Classes) / TVector.Width),
            FullSteps = (int)(Classes / TVector.Width),
            Lanes = (int)(Classes % TVector.Width),
        };
        if (HasStudentGradient) Write(walk, kept.Ratio, kept.X, sums.Student, sums.StudentRest, scale, student);
        if (HasTeacherGradient) Write(walk, kept.Mass, kept.Growth, sums.Teacher, sums.TeacherRest, scale, teacher);
        FinishOutputs(row, student, teacher);
    }

    private static void Write(
        in Walk<TElement> walk,
        TElement* mass,
        TElement* slopes,
        double mean,
        double rest,
        double scale,
        TElement* gradient)
    {
        RatioKernels<TVector, TElement, TTerm>.Gradient(
            walk,
            mass,
            slopes,
            TVector.Broadcast(mean),
            TVector.Broadcast(rest),
            TVector.Broadcast(scale),
            gradient,
            TVector.Width);
    }
}
