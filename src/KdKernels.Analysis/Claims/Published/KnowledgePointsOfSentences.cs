namespace KdKernels.Analysis.Claims.Published;

/// <summary>On the words of generated sentences.</summary>
internal static class KnowledgePointsOfSentences
{
    public static Claim Definition { get; } = KnowledgePoints.Define(new PointsExperiment
    {
        Name = "knowledge-points-sentiment",
        Recipe = "points-sentiment",
        Needs = "nothing: sentences are generated",
        Data = "2,000 sentences, the words that decide being the foreground, 9 checkpoints, the logits of an LSTM",
        Minutes = 10,
    });
}
