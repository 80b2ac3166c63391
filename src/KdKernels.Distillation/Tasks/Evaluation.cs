using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tasks;

/// <summary>A network's answers on the held-out items.</summary>
/// <param name="Predictions">Class of the first largest logit per item, in the order of the set; null where an answer is
/// no single class.</param>
/// <param name="Scores">How right each answer is, in [0, 1]: for a class 0 or 1. Their mean is the accuracy, and the
/// paired bootstrap resamples them.</param>
/// <param name="Metrics">What they amount to.</param>
/// <param name="Losses">Cross-entropy of each item in nats; null where items have no single class.</param>
internal sealed record Evaluation(
    int[]? Predictions, double[] Scores, HeldOutMetrics Metrics, double[]? Losses = null);
