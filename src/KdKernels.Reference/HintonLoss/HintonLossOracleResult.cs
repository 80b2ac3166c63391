namespace KdKernels.Reference;

/// <summary>
/// What <see cref="HintonLossOracle"/> computes; arrays have one element per row, 0 for ignored rows.
/// </summary>
public sealed record HintonLossOracleResult
{
    /// <summary>(1 − alpha)·CE + alpha·KL per row.</summary>
    public required double[] RowLosses { get; init; }

    /// <summary>w[label]·CE per row.</summary>
    public required double[] CrossEntropies { get; init; }

    /// <summary>The divergence per row, T² included.</summary>
    public required double[] Divergences { get; init; }

    /// <summary>Entropy of softmax(student/T) per row.</summary>
    public required double[] StudentEntropies { get; init; }

    /// <summary>Entropy of softmax(teacher/T) per row.</summary>
    public required double[] TeacherEntropies { get; init; }

    /// <summary>Whether the label is the student's first largest logit.</summary>
    public required bool[] Hits { get; init; }

    /// <summary>Whether both have their first largest logit at the same class.</summary>
    public required bool[] Agreements { get; init; }

    /// <summary>The loss under the reduction.</summary>
    public required double Loss { get; init; }

    /// <summary>[rows, classes], upstream and divisor included.</summary>
    public required double[] StudentGradient { get; init; }
}
