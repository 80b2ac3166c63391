using KdKernels.Analysis.Points;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>On the words of generated sentences.</summary>
internal static class KnowledgePointsOfSentences
{
    public static Claim Definition { get; } = KnowledgePoints.Define(
        "knowledge-points-sentiment", "points-sentiment", MaskSource.Data, "nothing: sentences are generated",
        "2,000 sentences, the words that decide being the foreground, 9 checkpoints, the logits of an LSTM", minutes: 10);
}
