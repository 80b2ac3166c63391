namespace KdKernels.Analysis.Claims.Published;

/// <summary>On generated point clouds.</summary>
internal static class KnowledgePointsOfClouds
{
    public static Claim Definition { get; } = KnowledgePoints.Define(new PointsExperiment
    {
        Name = "knowledge-points-clouds",
        Recipe = "points-clouds",
        Needs = "nothing: clouds are generated",
        Data = "2,000 clouds of 256 points, those of the object being the foreground, 9 checkpoints, 3 layers of a PointNet",
        Minutes = 15,
    });
}
