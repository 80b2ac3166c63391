using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Reporting;

/// <summary>Everything that a report shows. Accuracies are fractions of the held-out images.</summary>
public sealed record RunReport
{
    /// <summary>What the run is called.</summary>
    public required string Name { get; init; }

    /// <summary>The data set, as the recipe names it.</summary>
    public required string DataSet { get; init; }

    public required ExperimentResult Result { get; init; }

    /// <summary>When the result was written, UTC.</summary>
    public DateTimeOffset? Finished { get; init; }

    public IReadOnlyList<TrainingCurve> Curves { get; init; } = [];

    public IReadOnlyList<SamplePicture> Samples { get; init; } = [];

    /// <summary>The resolved recipe as YAML.</summary>
    public string Recipe { get; init; } = "";

    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];
}

/// <summary>One network's training.</summary>
/// <param name="Role">What the network is in the experiment.</param>
/// <param name="Stage">The stage's name: <c>teacher</c>, <c>plain-1</c>, ...</param>
/// <param name="Points">Its epochs in order.</param>
public sealed record TrainingCurve(NetworkRole Role, string Stage, IReadOnlyList<EpochPoint> Points);

/// <summary>What was measured in one epoch; null where it was not.</summary>
public sealed record EpochPoint(int Epoch)
{
    /// <summary>Cross-entropy against the labels, mean over the training images.</summary>
    public double? CrossEntropy { get; init; }

    /// <summary><c>T² KL(teacher ‖ student)</c>, mean over the training images.</summary>
    public double? Distillation { get; init; }

    public double? TrainAccuracy { get; init; }

    public double? HeldOutAccuracy { get; init; }

    public double? LearningRate { get; init; }

    public double? Temperature { get; init; }

    public double? Alpha { get; init; }
}

/// <summary>A held-out picture, its class and what the networks of one repeat took it for.</summary>
/// <param name="Png">The picture as a PNG file.</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="TrueClass">Name of its class.</param>
/// <param name="Teacher">The teacher's answer; null where there is no teacher.</param>
/// <param name="Plain">The plain student's answer.</param>
/// <param name="Distilled">The distilled student's answer; null where nothing was distilled.</param>
public sealed record SamplePicture(
    byte[] Png, int Width, int Height, string TrueClass, string? Teacher, string Plain, string? Distilled)
{
    /// <summary>True where the networks do not all say the same.</summary>
    public bool Disputed => Differs(Teacher) || Differs(Distilled);

    private bool Differs(string? answer)
        => answer is not null && !string.Equals(answer, Plain, StringComparison.Ordinal);
}
