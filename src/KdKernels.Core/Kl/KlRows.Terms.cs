namespace KdKernels.Core;

/// <summary>The parts of a row beside the tempered divergence: cross-entropy, and the limit T = ∞.</summary>
internal unsafe partial class KlRows<TVector, TElement>
{
    private CrossEntropyRow CrossEntropy(long row, TElement* s, double upstream, in RowBuffers<TElement> buffers)
    {
        long label = Problem.Label(row);
        double largest = LargestOf(s);
        double scale = Problem.CrossEntropyWeight * upstream * WeightOf(label);
        bool keep = Problem.StudentGradient is not null && Problem.CrossEntropyWeight != 0;
        double sum = 0;
        for (long at = 0; at < Classes; at += BlockSize)
        {
            sum += TVector.Sum(LogitKernels<TVector, TElement>.SumExp(
                Block(s, null, at), TVector.Broadcast(largest), keep ? buffers.Exp + at : null));
        }

        return new CrossEntropyRow
        {
            Label = label,
            Largest = largest,
            Value = WeightOf(label) * (Math.Log(sum) + (largest - Memory.Get(s + label))),
            HasGradient = keep,
            GradientScale = scale / sum,
            LabelGradient = scale,
        };
    }

    private double LargestOf(TElement* row)
    {
        double largest = double.NegativeInfinity;
        for (long at = 0; at < Classes; at += BlockSize)
            largest = Math.Max(largest, TVector.Largest(LogitKernels<TVector, TElement>.Largest(Block(row, null, at))));
        return largest;
    }

    /// <summary>Adds the cross-entropy's gradient to one that is already written.</summary>
    private void AddCrossEntropyGradient(long row, in CrossEntropyRow hard, in RowBuffers<TElement> buffers)
    {
        if (!hard.HasGradient) return;
        TElement* gradient = RowBuffers<TElement>.Input(studentGradients, row, buffers.StudentGradient);
        for (long at = 0; at < Classes; at += BlockSize)
        {
            LogitKernels<TVector, TElement>.AddKept(
                Block(null, null, at), buffers.Exp + at, TVector.Broadcast(
                    hard.GradientScale), gradient + at, TVector.Width);
        }

        Memory.Put(gradient + hard.Label, Memory.Get(gradient + hard.Label) - hard.LabelGradient);
        FinishOutput(studentGradients, row, gradient);
    }

    /// <summary>(1/2C)·Σ(D − mean D)² and its gradients: a pass for the mean, a second one from there.</summary>
    private KlValue Limit(long row, TElement* s, TElement* t, double scale, in RowBuffers<TElement> buffers)
    {
        (double difference, double error) = Difference(Memory.Get(t), Memory.Get(s));
        Origin<TVector> origin = OriginAt(difference, error);
        double sum = 0;
        for (long at = 0; at < Classes; at += BlockSize)
            sum += TVector.Sum(LimitKernels<TVector, TElement>.Sum(Block(s, t, at), origin));
        if (!double.IsFinite(sum)) RefuseExcluded(row, s, t, 1, 1);

        TElement* studentGradient = StudentOutput(row, buffers), teacherGradient = TeacherOutput(row, buffers);
        (double mean, double rest) = MeanDifference(difference, error, sum / Classes);
        origin = OriginAt(mean, rest);
        double squares = 0;
        for (long at = 0; at < Classes; at += BlockSize)
        {
            squares += TVector.Sum(LimitKernels<TVector, TElement>.Squares(
                Block(s, t, at),
                origin,
                TVector.Broadcast(scale / Classes),
                studentGradient is null ? null : studentGradient + at,
                TVector.Width,
                teacherGradient is null ? null : teacherGradient + at,
                TVector.Width));
        }

        FinishOutputs(row, studentGradient, teacherGradient);
        return KlValue.Limit(squares / (2.0 * Classes), Classes);
    }

    private static Origin<TVector> OriginAt(double difference, double error) => new()
    {
        Difference = TVector.Broadcast(difference),
        DifferenceError = TVector.Broadcast(error),
    };
}

/// <summary>The cross-entropy of a row: its value and what its gradient needs.</summary>
internal struct CrossEntropyRow
{
    public long Label;

    /// <summary>The student's largest logit.</summary>
    public double Largest;
    public double Value;

    /// <summary>Whether e^(s − largest) was kept and a gradient is wanted.</summary>
    public bool HasGradient;

    /// <summary>What the kept terms are multiplied by.</summary>
    public double GradientScale;

    /// <summary>What the label's class gets less.</summary>
    public double LabelGradient;
}
