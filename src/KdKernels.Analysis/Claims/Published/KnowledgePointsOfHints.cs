using KdKernels.Analysis.Points;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>On the images of Shapes, with students that learn one layer of their teacher, as the paper's do.</summary>
internal static class KnowledgePointsOfHints
{
    public static Claim Definition { get; } = KnowledgePoints.Define(new PointsExperiment
    {
        Name = "knowledge-points-hints",
        Recipe = "points-hints",
        Stage = StudentStage.First,
        Needs = "nothing: Shapes is generated",
        Data = "2,000 images of Shapes with their exact masks, 12 checkpoints, 3 layers, 8x8 cells",
        Students = "small networks that learn a larger one's second linear layer by its squared difference and no labels, as the "
            + "paper's do (theirs learn each analysed layer alone, and need no regressor)",
        Minutes = 25,
    });
}
