using KdKernels.Analysis.Points;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>On digits, whose strokes are the foreground.</summary>
internal static class KnowledgePointsOfDigits
{
    public static Claim Definition { get; } = KnowledgePoints.Define(
        "knowledge-points-mnist", "points-mnist", MaskSource.Strokes, "MNIST: mnist under KD_DATA, or -s data.root=DIR",
        "2,000 digits of MNIST, bright pixels being the foreground, 12 checkpoints, 3 layers, 8x8 cells", minutes: 30);
}
