using System.Globalization;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Sweeps;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>Claims that are entries of the shipped sweeps: <c>claims</c> for the reduced setting, <c>claims-full</c>, with
/// entries of the same names, for the paper's.</summary>
internal static class SweepEntries
{
    public const string Images = "CIFAR-10: cifar10 under KD_DATA, or -s data.root=DIR";

    public const string BothImages = Images + "; with --full " + FullImages;

    public const string FullImages = "CIFAR-100: cifar100 under KD_DATA, or -s data.root=DIR";

    /// <summary>The entries with some of their arms, in the order of the sweep.</summary>
    public static IReadOnlyList<SweepEntry> Read(
        ClaimSettings settings, IReadOnlyList<string> entries, IReadOnlyList<string> arms)
    {
        var filter = new SweepFilter
        {
            Entries = entries,
            Methods = arms,
            Overrides = [.. settings.Overrides, string.Create(CultureInfo.InvariantCulture, $"seeds={settings.Seeds}")],
        };
        return SweepReader.Read(settings.Full ? "claims-full" : "claims", filter).Entries;
    }

    /// <summary>Whether the data is there, and every method fits its networks.</summary>
    public static void Check(IReadOnlyList<SweepEntry> entries) =>
        SweepRun.Check(new Sweep { Name = "claim", Entries = entries });

    /// <summary>What a result says about the networks and their trainings.</summary>
    public static IReadOnlyDictionary<string, string> Parameters(SweepEntry entry, TrainedEntry trained)
    {
        Recipe recipe = entry.Recipe;
        var parameters = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["data"] = trained.Data,
            ["held-out items"] = trained.HeldOut.ToString(CultureInfo.InvariantCulture),
            ["student"] = Network(recipe.Student.Model, recipe.Student.Solver),
            ["training items"] = trained.TrainItems.ToString(CultureInfo.InvariantCulture),
            ["first seed"] = recipe.Seed.ToString(CultureInfo.InvariantCulture),
        };
        if (trained.TeacherAccuracy is not null)
        {
            parameters["teacher"] = Network(recipe.Teacher.Model, recipe.Teacher.Solver);
        }

        foreach (SweepArm arm in entry.Arms)
        {
            parameters[$"method {arm.Name}"] =
                string.Join("; ", arm.Distill.Methods.Select(method => $"{method.Name} {{{method.Settings}}}"));
        }

        return parameters;
    }

    /// <summary>Fingerprints of an entry's data.</summary>
    public static IReadOnlyDictionary<string, string> Data(TrainedEntry trained) =>
        new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["held-out"] = trained.HeldOutFingerprint,
            ["train"] = trained.TrainFingerprint,
        };

    /// <summary>Accuracies of an entry's networks in percent.</summary>
    public static ClaimDetail Accuracies(TrainedEntry trained)
    {
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        if (trained.TeacherAccuracy is { } teacher)
        {
            figures["teacher, %"] = 100 * teacher;
        }

        foreach (TrainedArm arm in trained.Arms.Prepend(trained.Plain))
        {
            figures[$"{arm.Name}, mean over seeds, %"] = 100 * arm.Accuracy;
            foreach (TrainedStudent student in arm.Students)
            {
                figures[string.Create(CultureInfo.InvariantCulture, $"{arm.Name}, seed {student.Seed}, %")] =
                    100 * student.Accuracy;
            }
        }

        return new ClaimDetail($"held-out accuracy: {trained.Name}", figures);
    }

    /// <summary>Gain in held-out accuracy of one arm over another, in percentage points.</summary>
    public static ClaimEstimate Gain(TrainedArm arm, TrainedArm over, long key) =>
        ClaimBootstrap.Paired(ClaimBootstrap.Contrast((100, arm.Scores), (-100, over.Scores)), key);

    /// <summary>A figure of every student of one arm minus that of the same seed's student of another, in percentage
    /// points.</summary>
    public static ClaimEstimate ExtraGain(TrainedArm arm, TrainedArm over, string figure, long key) =>
        ClaimBootstrap.OverSeeds(
            [.. arm.Students.Zip(over.Students, (student, other) => 100 * (student.Extra![figure] - other.Extra![figure]))], key);

    private static string Network(string model, SolverRecipe solver) => string.Create(
        CultureInfo.InvariantCulture,
        $"{model}, {solver.Epochs} epochs of {RecipeNames.Of(solver.Optimizer)}, lr {solver.LearningRate}, batches of {solver.BatchSize}, "
        + $"{RecipeNames.Of(solver.Schedule.Kind)}");
}
