namespace KdKernels.Core;

/// <summary>
/// Decoupled distillation, rows one by one from a copy without the label's class. What the divergence over the other
/// classes measures also gives their two log-sum-exps, of which the label against the rest is made.
/// </summary>
internal sealed unsafe class DecoupledRows<TVector, TElement>(KlProblem problem) : KlRows<TVector, TElement>(problem)
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    protected override void ProcessRow(long row, in RowBuffers<TElement> buffers, double* sumsOfChunk)
    {
        long label = Problem.Label(row);
        double student = CopyWithout(label, Student, row, buffers.Student);
        double teacher = CopyWithout(label, Teacher, row, buffers.Teacher);
        double scale = WantsGradient ? UpstreamScale(row) * Problem.GradientFactor : 0;
        double value;
        if (TrySum(buffers.Student, buffers.Teacher, buffers, out KlState state, out KlValue others))
        {
            // log q − log p = Δ_r − Δ + Shift for each of the others, so their log-sum-exps are Δ_r + Shift apart.
            double apart = ((state.Difference + state.DifferenceError) * Scale) + others.Shift;
            double logMass = Math.Log(state.Mass);
            var target = BinaryDivergence.Of(
                ((teacher - state.Teacher) * Scale) - logMass,
                ((student - state.Teacher) * Scale) - logMass + apart,
                ((teacher - student) * Scale) - apart);
            value = Loss(target, others);
            if (WantsGradient) WriteGradients(row, label, target, state, others, scale, buffers);
        }
        else
        {
            value = Careful(row, label, student, teacher, scale);
        }

        EmitLoss(row, value * Problem.KlFactor, sumsOfChunk);
    }

    /// <summary>The row with its last class in the place of the label's; returns the label's logit.</summary>
    private double CopyWithout(long label, in RowsView view, long row, TElement* copy)
    {
        long length = view.Length;
        TElement* direct = Memory.Direct<TElement>(view, row);
        if (direct is not null)
            Buffer.MemoryCopy(direct, copy, length * sizeof(TElement), length * sizeof(TElement));
        else
            Memory.Gather(view, row, copy);
        double target = Memory.Get(copy + label);
        copy[label] = copy[Classes];
        return target;
    }

    /// <summary>A part of weight 0 is left out even where it is infinite, but a NaN is never hidden.</summary>
    private double Loss(in BinaryDivergence target, in KlValue others) =>
        double.IsNaN(target.Value + others.Mass)
            ? double.NaN
            : Term(Problem.TargetWeight, target.Value) + Term(Problem.OtherWeight, others.Kl);

    /// <summary>
    /// The others: <c>β(q̂ − p̂) − αDq̂</c>, D = Q − P, for the student and <c>βp̂(log p̂ − log q̂ − KL) − αVp̂</c> for
    /// the teacher; the label: αD and αV.
    /// </summary>
    private void WriteGradients(
        long row,
        long label,
        in BinaryDivergence target,
        in KlState state,
        in KlValue others,
        double scale,
        in RowBuffers<TElement> buffers)
    {
        double targetWeight = Problem.TargetWeight, otherWeight = Problem.OtherWeight;
        double change = targetWeight * target.StudentSlope, teacherChange = targetWeight * target.TeacherSlope;
        TElement* student = StudentOutput(row, buffers), teacher = TeacherOutput(row, buffers);
        double* origin = buffers.Origins;
        Kept<TElement> kept = KeptIn(buffers);
        for (long at = 0; at < Classes; at += BlockSize, origin += RowBuffers<TElement>.OriginLength)
        {
            GradientTerms<TVector> terms = TermsOf(origin, state, others, scale);
            TVector factor = TVector.Broadcast(otherWeight);
            TVector less = TVector.Broadcast(otherWeight - change);
            terms.Ratio *= less;
            terms.Growth = (terms.Growth * less) - TVector.Broadcast(change);
            terms.Slope = factor;
            terms.Mean = (terms.Mean * factor) + TVector.Broadcast(teacherChange);
            Walk<TElement> walk = Block(null, null, at);
            if (student is not null)
            {
                GradientKernels<TVector, TElement>.Student(
                    walk, terms, kept.From(at), null, student + at, TVector.Width);
            }

            if (teacher is not null)
                GradientKernels<TVector, TElement>.Teacher(walk, terms, kept.From(at), teacher + at, TVector.Width);
        }

        if (student is not null) Restore(student, label, scale * change);
        if (teacher is not null) Restore(teacher, label, scale * teacherChange);
        FinishOutputs(row, student, teacher);
    }

    /// <summary>Brings the last class back to its place.</summary>
    private void Restore(TElement* gradient, long label, double atLabel)
    {
        gradient[Classes] = gradient[label];
        Memory.Put(gradient + label, atLabel);
    }

    private double Careful(long row, long label, double student, double teacher, double scale)
    {
        var careful = new CarefulRow(Problem, row);
        double teacherOdds = (teacher * Scale) - LogSumExp(careful.Teacher, careful.Classes);
        double studentOdds = (student * Scale) - LogSumExp(careful.Student, careful.Classes);
        var target = BinaryDivergence.Of(teacherOdds, studentOdds, teacherOdds - studentOdds);
        KlValue others = careful.Value;
        if (!WantsGradient) return Loss(target, others);

        double change = Problem.TargetWeight * target.StudentSlope;
        double teacherChange = Problem.TargetWeight * target.TeacherSlope;
        double* studentGradient = careful.StudentSpare, teacherGradient = careful.TeacherSpare;
        careful.FillGradients(Problem.OtherWeight);
        if (Problem.OtherWeight == 0)
        {
            new Span<double>(studentGradient, (int)careful.Classes).Clear();
            new Span<double>(teacherGradient, (int)careful.Classes).Clear();
        }

        for (long c = 0; c < careful.Classes; c++)
        {
            studentGradient[c] = scale * (studentGradient[c] - (change * careful.Q[c]));
            teacherGradient[c] = scale * (teacherGradient[c] - (teacherChange * careful.P[c]));
        }

        (studentGradient[careful.Classes], studentGradient[label]) = (studentGradient[label], scale * change);
        (teacherGradient[careful.Classes], teacherGradient[label]) = (teacherGradient[label], scale * teacherChange);
        careful.Scatter();
        return Loss(target, others);
    }

    private double LogSumExp(double* logits, long count)
    {
        double largest = double.NegativeInfinity, sum = 0;
        for (long c = 0; c < count; c++) largest = Math.Max(largest, logits[c]);
        if (double.IsNegativeInfinity(largest)) return largest;
        for (long c = 0; c < count; c++) sum += Math.Exp((logits[c] - largest) * Scale);
        return (largest * Scale) + Math.Log(sum);
    }
}
