using KdKernels.Analysis.Points;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>What a claim about knowledge points looks at.</summary>
internal sealed record PointsExperiment
{
    /// <summary>Of the claim.</summary>
    public required string Name { get; init; }

    /// <summary>With a trace.</summary>
    public required string Recipe { get; init; }

    /// <summary>Data that must be there.</summary>
    public required string Needs { get; init; }

    /// <summary>What the reduced setting looks at.</summary>
    public required string Data { get; init; }

    /// <summary>How its students learn, and where the paper's learn otherwise.</summary>
    public string Students { get; init; } =
        "small networks distilled by kd from larger ones, not by one layer's features as in the paper";

    /// <summary>Minutes of the reduced setting.</summary>
    public required double Minutes { get; init; }

    /// <summary>Of images.</summary>
    public MaskSource Masks { get; init; } = MaskSource.Data;

    /// <summary>Of the distilled students.</summary>
    public StudentStage Stage { get; init; } = StudentStage.Last;
}
