using KdKernels.Analysis.Points;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>On generated point clouds.</summary>
internal static class KnowledgePointsOfClouds
{
    public static Claim Definition { get; } = KnowledgePoints.Define(
        "knowledge-points-clouds", "points-clouds", MaskSource.Data, "nothing: clouds are generated",
        "2,000 clouds of 256 points, those of the object being the foreground, 9 checkpoints, 3 layers of a PointNet", minutes: 15);
}
