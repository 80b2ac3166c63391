using System.Text;
using KdKernels.Analysis.Augmentations;
using KdKernels.Distillation.Reporting;

namespace KdKernels.Cli.Output;

/// <summary>A ranking of augmentations for reading.</summary>
internal static class AugmentText
{
    private const int Width = 80;

    public static string Of(AugmentationRanking ranking)
    {
        var text = new StringBuilder();
        text.Append($"{ranking.Teacher} on {ranking.Data}: {ranking.Settings.Sets} sets of {ranking.Settings.SetSize} ")
            .Append($"of {Figures.Count(ranking.Images, "image")}, seed {ranking.Settings.Seed}\n\n");
        var table = new TextTable("augmentation", ">T.stddev", ">baseline", ">relative", ">covariance", ">variance") { Gap = "  " };
        foreach (AugmentationMeasure measure in ranking.Measures)
        {
            table.Row(
                measure.Augmentation,
                $"{measure.TStddev:0.000000}",
                $"{measure.Baseline:0.000000}",
                measure.Relative is { } relative ? $"{relative:0.000}" : Figures.None,
                measure.CrossEntropy is { } moments ? $"{moments.PairCovariance:0.000E+0}" : Figures.None,
                Ratio(measure.CrossEntropy));
        }

        text.Append(table).Append('\n').AppendJoin('\n', TextWrap.Lines(Legend(ranking), Width));
        return text.ToString();
    }

    private static string Legend(AugmentationRanking ranking) =>
        "The smaller T.stddev, the better the augmentation is expected to be for distillation. Baseline: what a teacher "
        + "that is always sure gives without augmentation." + (ranking.Student is null
            ? ""
            : $" Covariance: of the cross-entropy of {ranking.Student} on an image and on the image made from it. Variance: "
            + "a set's mean cross-entropy against as many independent images.");

    private static string Ratio(CrossEntropyMoments? moments) => moments is { IndependentVariance: > 0 }
        ? $"{moments.SetVariance / moments.IndependentVariance:0.00}x"
        : Figures.None;
}
