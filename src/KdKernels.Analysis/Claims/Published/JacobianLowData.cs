using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Sweeps;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>Jacobian matching helps most where data are fewest.</summary>
internal static class JacobianLowData
{
    private const string Method = "jacobians";

    private static readonly string[] Names = ["1-per-class", "5-per-class", "10-per-class", "50-per-class"];

    public static Claim Definition { get; } = new()
    {
        Name = "jacobian-low-data",
        Hypothesis = "Jacobian matching gains more over plain training with 1 image per class than with 50.",
        Paper = "Srinivas and Fleuret 2018, Knowledge Transfer with Jacobian Matching, section 5, table 1",
        Needs = SweepEntries.BothImages,
        Reduced = "CIFAR-10 as it is under KD_DATA, convnet-medium to convnet-small, 1, 5, 10 and 50 images per class, 12 to 60 "
            + "epochs: with few images the student takes few steps.",
        Full = "CIFAR-100, convnet-large to convnet-small for the paper's VGG-9 to VGG-4, 1, 5, 10 and 50 images per class, epochs "
            + "for about the same number of steps in each.",
        Minutes = 8,
        FullMinutes = 3_000,
        Seeds = 5,
        Check = settings => SweepEntries.Check(Entries(settings)),
        Run = Run,
    };

    private static SweepEntry[] Entries(ClaimSettings settings)
    {
        IReadOnlyList<SweepEntry> entries = SweepEntries.Read(settings, Names, [Method]);
        // The same evaluation everywhere, which is part of what makes a teacher the same: it is trained once.
        EvaluationRecipe evaluation = entries[0].Recipe.Evaluation;
        return [.. entries.Select(entry => entry with { Recipe = entry.Recipe with { Evaluation = evaluation } })];
    }

    private static ClaimFindings Run(ClaimContext context)
    {
        SweepEntry[] entries = Entries(context.Settings);
        TrainedEntry[] trained =
            [.. entries.Select((entry, index) => context.Train(entry, teacherOf: index == 0 ? null : entries[0].Name))];
        long key = entries[0].Recipe.Seed;
        (TrainedEntry fewest, TrainedEntry most) = (trained[0], trained[^1]);
        ClaimEstimate contrast = ClaimBootstrap.Paired(
            ClaimBootstrap.Contrast(
                (100, fewest.Arm(Method).Scores),
                (-100, fewest.Plain.Scores),
                (-100, most.Arm(Method).Scores),
                (100, most.Plain.Scores)),
            key);
        return new ClaimFindings
        {
            Statistics =
            [
                contrast.As("gain at the fewest images minus gain at the most", "percentage points", ClaimSide.Above),
                .. trained.Select(entry => SweepEntries.Gain(entry.Arm(Method), entry.Plain, key).As(
                    $"gain over plain training, {entry.Name}", "percentage points", ClaimSide.Above, decides: false)),
            ],
            Parameters = SweepEntries.Parameters(entries[^1], most),
            Data = SweepEntries.Data(most),
            Details = [.. trained.Select(SweepEntries.Accuracies)],
            Notes = ["The setting's parameters are those of the entry with the most images."],
        };
    }
}
