using KdKernels.Analysis.Points;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>On digits, whose strokes are the foreground.</summary>
internal static class KnowledgePointsOfDigits
{
    public static Claim Definition { get; } = KnowledgePoints.Define(new PointsExperiment
    {
        Name = "knowledge-points-mnist",
        Recipe = "points-mnist",
        Masks = MaskSource.Strokes,
        Needs = "MNIST: mnist under KD_DATA, or -s data.root=DIR",
        Data = "2,000 digits of MNIST, bright pixels being the foreground, 12 checkpoints, 3 layers, 8x8 cells",
        Minutes = 25,
    });
}
