using KdKernels.Analysis.Points;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>On generated images with exact masks.</summary>
internal static class KnowledgePointsOfShapes
{
    public static Claim Definition { get; } = KnowledgePoints.Define(
        "knowledge-points-shapes", "points-shapes", MaskSource.Data, "nothing: Shapes is generated",
        "2,000 images of Shapes with their exact masks, 12 checkpoints, 3 layers, 8x8 cells", minutes: 30);
}
