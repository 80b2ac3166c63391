namespace KdKernels.Analysis.Claims.Published;

/// <summary>On generated images with exact masks.</summary>
internal static class KnowledgePointsOfShapes
{
    public static Claim Definition { get; } = KnowledgePoints.Define(new PointsExperiment
    {
        Name = "knowledge-points-shapes",
        Recipe = "points-shapes",
        Needs = "nothing: Shapes is generated",
        Data = "2,000 images of Shapes with their exact masks, 12 checkpoints, 3 layers, 8x8 cells",
        Minutes = 25,
    });
}
