namespace KdKernels.Analysis.Claims.Published;

/// <summary>On the words of generated questions and passages.</summary>
internal static class KnowledgePointsOfQuestions
{
    public static Claim Definition { get; } = KnowledgePoints.Define(new PointsExperiment
    {
        Name = "knowledge-points-questions",
        Recipe = "points-questions",
        Needs = "nothing: questions are generated",
        Data = "500 questions with passages, the fact that answers being the foreground and the question's words being background, "
            + "9 checkpoints, the logits of a reader with attention",
        Minutes = 10,
    });
}
