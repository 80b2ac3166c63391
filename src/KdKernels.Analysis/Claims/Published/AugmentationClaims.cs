using System.Globalization;
using KdKernels.Analysis.Augmentations;
using KdKernels.Analysis.Statistics;
using KdKernels.Distillation.Data.Augmenting;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Sweeps;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>Whether T.stddev, measured on the teacher before any training, tells how well students learn under an augmentation.</summary>
internal static class AugmentationClaims
{
    private static readonly string[] Augmentations =
        [.. BatchAugmentations.Names.Where(name => name != "random-erasing")];

    public static Claim Define(string name, string needs, string[] reduced, string[] full, string data, double minutes) => new()
    {
        Name = name,
        Hypothesis = "Over the nine augmentations, T.stddev of the teacher and the distilled student's test loss correlate positively.",
        Paper = "Wang, Lohit, Jones and Fu 2022, What Makes a \"Good\" Data Augmentation in Knowledge Distillation, figure of T.stddev against test loss "
            + "(Pearson 0.85 to 0.99)",
        Needs = needs,
        Reduced = $"{data}; convnet-large to convnet-small, 6 epochs of augmented-kd per augmentation: the papers' students train 240.",
        Full = "The same data with all images, resnet56 to resnet20, 240 epochs.",
        Minutes = minutes,
        FullMinutes = 200_000,
        Seeds = 2,
        Check = settings => SweepEntries.Check([Entry(settings, reduced, full)]),
        Run = context => Run(context, Entry(context.Settings, reduced, full)),
    };

    private static SweepEntry Entry(ClaimSettings settings, string[] reduced, string[] full)
    {
        string[] overrides =
        [
            "evaluation.every=1000", .. settings.Full ? full : reduced, .. settings.Overrides,
            string.Create(CultureInfo.InvariantCulture, $"seeds={settings.Seeds}"),
        ];
        return new SweepEntry
        {
            Name = "students",
            Recipe = RecipeReader.Read("augmented-kd", overrides),
            Arms =
            [
                .. Augmentations.Select(augmentation => new SweepArm(
                    augmentation,
                    RecipeReader.Read("augmented-kd", [.. overrides, $"distill.augmentation={augmentation}"]).Distill)),
            ],
        };
    }

    private static ClaimFindings Run(ClaimContext context, SweepEntry entry)
    {
        TrainedEntry trained = context.Train(entry);
        var settings = new AugmentationMeterSettings();
        AugmentationMeasure[] measures =
        [
            .. Augmentations.Select(augmentation => context.Part($"meter-{augmentation}", () => AugmentationRanking.Of(
                context.RunOf(entry.Name), [augmentation], settings, images: 0, context.Say, context.Cancellation).Measures[0])),
        ];
        double[] deviations = [.. measures.Select(measure => measure.TStddev)];
        double[] losses = [.. Augmentations.Select(augmentation => Loss(trained.Arm(augmentation)))];
        Correlation pearson = Correlation.Pearson(deviations, losses);
        Correlation spearman = Correlation.Spearman(deviations, losses);
        return new ClaimFindings
        {
            Statistics =
            [
                Statistic("Pearson's correlation of T.stddev and test loss", pearson, trained, decides: true),
                Statistic("Spearman's correlation of T.stddev and test loss", spearman, trained, decides: false),
                .. CrossEntropies(measures, losses, trained),
            ],
            Parameters = new SortedDictionary<string, string>(
                SweepEntries.Parameters(entry, trained).ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal)
            {
                ["T.stddev"] = string.Create(
                    CultureInfo.InvariantCulture, $"{settings.Sets} sets of {settings.SetSize} images and as many changed ones"),
            },
            Data = SweepEntries.Data(trained),
            Details =
            [
                new("p-values", new Dictionary<string, double>(StringComparer.Ordinal)
                {
                    ["Pearson, two-sided"] = pearson.P,
                    ["Spearman, two-sided, exact"] = spearman.P,
                }),
                .. measures.Zip(losses).Select(pair => Detail(pair.First, pair.Second, trained)),
            ],
            Notes =
            [
                "The nine augmentations are few: the interval is Fisher's, by the number of augmentations, and leaves out that losses and T.stddev "
                    + "are themselves measured with error.",
            ],
        };
    }

    // The theorem's own quantity, where a student was there to measure it with.
    private static IEnumerable<ClaimStatistic> CrossEntropies(
        AugmentationMeasure[] measures, double[] losses, TrainedEntry trained)
    {
        if (Array.TrueForAll(measures, measure => measure.CrossEntropy is not null))
        {
            yield return Statistic(
                "Pearson's correlation of the cross-entropy's excess variance and test loss",
                Correlation.Pearson([.. measures.Select(measure => measure.CrossEntropy!.Excess)], losses),
                trained,
                decides: false);
        }
    }

    private static double Loss(TrainedArm arm) => arm.Students.Average(student => student.Losses!.Average());

    // Fisher 1921: atanh r is nearly normal with variance 1 / (n − 3).
    private static ClaimStatistic Statistic(string name, Correlation correlation, TrainedEntry trained, bool decides)
    {
        const double normal = 1.959963984540054;
        double half = normal / Math.Sqrt(correlation.N - 3);
        double centre = Math.Atanh(Math.Clamp(correlation.Value, -1 + 1e-12, 1 - 1e-12));
        return new ClaimStatistic
        {
            Name = name,
            Unit = "correlation",
            Estimate = correlation.Value,
            Interval = new ClaimInterval(
                Math.Tanh(centre - half), Math.Tanh(centre + half), 0.95,
                $"Fisher's z over {correlation.N} augmentations"),
            Side = ClaimSide.Above,
            Threshold = 0,
            Decides = decides,
            Seeds = trained.Plain.Students.Count,
            Items = correlation.N,
        };
    }

    private static ClaimDetail Detail(AugmentationMeasure measure, double loss, TrainedEntry trained)
    {
        var figures = new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["T.stddev"] = measure.TStddev,
            ["over its baseline"] = measure.Relative ?? double.NaN,
            ["test loss, nats"] = loss,
            ["test accuracy, %"] = 100 * trained.Arm(measure.Augmentation).Accuracy,
        };
        if (measure.CrossEntropy is { } cross)
        {
            figures["excess variance of the cross-entropy"] = cross.Excess;
            figures["covariance of original and changed"] = cross.PairCovariance;
        }

        return new ClaimDetail(measure.Augmentation, figures);
    }
}
