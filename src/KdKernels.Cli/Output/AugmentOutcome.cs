using KdKernels.Analysis.Augmentations;

namespace KdKernels.Cli.Output;

/// <summary>What <c>kd augment --json</c> prints; smallest T.stddev first.</summary>
internal sealed record AugmentOutcome(
    string Run,
    string Teacher,
    string? Student,
    string Data,
    int Images,
    int Sets,
    int SetSize,
    long Seed,
    IReadOnlyList<AugmentationMeasure> Augmentations)
{
    public static AugmentOutcome Of(string run, AugmentationRanking ranking) => new(
        run,
        ranking.Teacher,
        ranking.Student,
        ranking.Data,
        ranking.Images,
        ranking.Settings.Sets,
        ranking.Settings.SetSize,
        ranking.Settings.Seed,
        ranking.Measures);
}
