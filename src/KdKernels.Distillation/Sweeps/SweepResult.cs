using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Sweeps;

/// <summary>What a sweep found; written to <c>sweep.json</c>.</summary>
public sealed record SweepResult
{
    public required string Name { get; init; }

    /// <summary>The sweep's folder, absolute.</summary>
    public required string Folder { get; init; }

    public required IReadOnlyList<SweepEntryResult> Entries { get; init; }
}

/// <summary>What was found on one recipe.</summary>
public sealed record SweepEntryResult
{
    public required string Name { get; init; }

    /// <summary>One sentence about the data.</summary>
    public required string Data { get; init; }

    public required int TrainItems { get; init; }

    public required int HeldOut { get; init; }

    public required int Seeds { get; init; }

    public required int Epochs { get; init; }

    public required string StudentModel { get; init; }

    /// <summary>Null where no method needed a teacher.</summary>
    public required NetworkResult? Teacher { get; init; }

    public required SweepRow Plain { get; init; }

    public required IReadOnlyList<SweepRow> Methods { get; init; }

    /// <summary>Time of all trainings and evaluations.</summary>
    public required double Seconds { get; init; }
}

/// <summary>One method on one recipe.</summary>
public sealed record SweepRow
{
    public required string Name { get; init; }

    /// <summary>Held-out accuracy over the seeds.</summary>
    public required MeanAndDeviation Accuracy { get; init; }

    /// <summary>The accuracies one by one.</summary>
    public required IReadOnlyList<double> PerSeed { get; init; }

    /// <summary>Of the method minus the plain student; null for the plain student itself.</summary>
    public required BootstrapInterval? Difference { get; init; }

    /// <summary>Share of held-out items where the student says what the teacher says, mean over seeds.</summary>
    public required double? Agreement { get; init; }

    /// <summary>Epochs until the plain student's final accuracy of the same seed was reached, a first stage's included;
    /// mean over the seeds that reached it.</summary>
    public required double? EpochsToPlain { get; init; }

    /// <summary>How many seeds reached it.</summary>
    public required int ReachedPlain { get; init; }

    /// <summary>Mean time of one student's training, a first stage's included.</summary>
    public required double SecondsPerStudent { get; init; }

    /// <summary>What else was measured, mean over seeds.</summary>
    public required IReadOnlyDictionary<string, double>? Extra { get; init; }
}
