using System.Globalization;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tasks;

/// <summary>A network's answers on the held-out items.</summary>
/// <param name="Predictions">Class of the first largest logit per item, in the order of the set; null where an answer is
/// no single class.</param>
/// <param name="Scores">How right each answer is, in [0, 1]: for a class 0 or 1. Their mean is the accuracy, and the
/// paired bootstrap resamples them.</param>
/// <param name="Metrics">What they amount to.</param>
internal sealed record Evaluation(int[]? Predictions, double[] Scores, HeldOutMetrics Metrics)
{
    /// <summary>With the accuracy under each level of noise among the extra figures.</summary>
    /// <param name="levels">Standard deviations; may be none.</param>
    /// <param name="measure">Measures the same network under one of them.</param>
    public Evaluation WithNoise(IReadOnlyList<double> levels, Func<double, Evaluation> measure)
    {
        if (levels.Count == 0)
        {
            return this;
        }

        var extra = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach ((string name, double value) in Metrics.Extra ?? new Dictionary<string, double>(StringComparer.Ordinal))
        {
            extra[name] = value;
        }

        foreach (double sigma in levels)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"accuracy under noise {sigma}");
            extra[name] = measure(sigma).Metrics.Accuracy;
        }

        return this with { Metrics = Metrics with { Extra = extra } };
    }
}
