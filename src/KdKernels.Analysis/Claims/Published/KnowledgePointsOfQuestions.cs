using KdKernels.Analysis.Points;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>On the words of generated questions and passages.</summary>
internal static class KnowledgePointsOfQuestions
{
    public static Claim Definition { get; } = KnowledgePoints.Define(
        "knowledge-points-questions", "points-questions", MaskSource.Data, "nothing: questions are generated",
        "500 questions with passages, the fact that answers being the foreground and the question's words being background, 9 checkpoints, "
            + "the logits of a reader with attention",
        minutes: 10);
}
