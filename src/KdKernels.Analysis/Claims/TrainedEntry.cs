namespace KdKernels.Analysis.Claims;

/// <summary>A trained entry of a sweep: what a claim needs to know of every student.</summary>
public sealed record TrainedEntry
{
    public required string Name { get; init; }

    /// <summary>One sentence about the data.</summary>
    public required string Data { get; init; }

    public required string TrainFingerprint { get; init; }

    public required string HeldOutFingerprint { get; init; }

    public required int TrainItems { get; init; }

    public required int HeldOut { get; init; }

    /// <summary>Held-out accuracy; null where no arm needed a teacher.</summary>
    public required double? TeacherAccuracy { get; init; }

    public required TrainedArm Plain { get; init; }

    /// <summary>In the order of the entry's arms.</summary>
    public required IReadOnlyList<TrainedArm> Arms { get; init; }

    /// <summary>Time of all trainings and evaluations, over all sessions.</summary>
    public required double Seconds { get; init; }

    /// <summary>An arm by its name in the entry.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public TrainedArm Arm(string name) =>
        Arms.FirstOrDefault(arm => string.Equals(arm.Name, name, StringComparison.Ordinal))
        ?? throw new ArgumentException($"expected one of {string.Join(", ", Arms.Select(arm => arm.Name))} but got {name}", nameof(name));
}

/// <summary>The students of one arm, one per seed.</summary>
public sealed record TrainedArm(string Name, IReadOnlyList<TrainedStudent> Students)
{
    /// <summary>How right each answer is, in [0, 1]: <c>[S][N]</c>.</summary>
    internal IReadOnlyList<double[]> Scores => [.. Students.Select(student => student.Scores)];

    /// <summary>Mean held-out accuracy.</summary>
    internal double Accuracy => Students.Average(student => student.Accuracy);
}

/// <summary>One student.</summary>
public sealed record TrainedStudent
{
    public required long Seed { get; init; }

    /// <summary>Trained, a first stage's included.</summary>
    public required int Epochs { get; init; }

    public required double Accuracy { get; init; }

    /// <summary>Epochs until the plain student's final accuracy of the same seed was reached, a first stage's included; null
    /// where it never was.</summary>
    public required int? EpochsToPlain { get; init; }

    /// <summary>How right each answer is, in [0, 1]: <c>[N]</c>.</summary>
    public required double[] Scores { get; init; }

    /// <summary>Cross-entropy of each item in nats: <c>[N]</c>; null where items have no single class.</summary>
    public required double[]? Losses { get; init; }

    /// <summary>What else was measured, by name.</summary>
    public required IReadOnlyDictionary<string, double>? Extra { get; init; }
}
