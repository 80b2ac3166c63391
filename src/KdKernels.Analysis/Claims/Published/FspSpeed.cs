using System.Globalization;
using KdKernels.Distillation.Sweeps;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>A student that was first taught FSP matrices needs fewer epochs.</summary>
internal static class FspSpeed
{
    private const string Method = "fsp";

    public static Claim Definition { get; } = new()
    {
        Name = "fsp-speed",
        Hypothesis = "With FSP matrices a student reaches the plain student's final accuracy in fewer epochs, the first stage included.",
        Paper = "Yim, Joo, Bae and Kim 2017, A Gift from Knowledge Distillation, section 4.1: about a third of the iterations",
        Needs = SweepEntries.Images,
        Reduced = "CIFAR-10 as it is under KD_DATA, convnet-medium to convnet-small, 8 epochs after a first stage of 2; under a "
            + "one-cycle schedule accuracy comes at the end of training whatever the method.",
        Full = "All of CIFAR-10, resnet20 to resnet20 for the paper's 26 layers, 164 epochs with milestones after a first stage of "
            + "54: the paper's 64,000 and 21,000 iterations.",
        Minutes = 8,
        FullMinutes = 10_000,
        Check = settings => SweepEntries.Check(Entries(settings)),
        Run = Run,
    };

    private static IReadOnlyList<SweepEntry> Entries(ClaimSettings settings) =>
        SweepEntries.Read(settings, ["fsp-speed"], [Method]);

    private static ClaimFindings Run(ClaimContext context)
    {
        SweepEntry entry = Entries(context.Settings)[0];
        TrainedEntry trained = context.Train(entry);
        TrainedStudent[] taught = [.. trained.Arm(Method).Students];
        TrainedStudent[] plain = [.. trained.Plain.Students];
        int censored = taught.Count(student => student.EpochsToPlain is null);
        var epochs = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach ((TrainedStudent student, TrainedStudent other) in taught.Zip(plain))
        {
            epochs[string.Create(CultureInfo.InvariantCulture, $"{Method}, seed {student.Seed}")] = Epochs(student);
            epochs[string.Create(CultureInfo.InvariantCulture, $"plain, seed {student.Seed}")] = Epochs(other);
        }

        return new ClaimFindings
        {
            Statistics =
            [
                ClaimBootstrap.OverSeeds(
                    [.. taught.Zip(plain, (student, other) => Math.Log((double)Epochs(student) / Epochs(other)))], entry.Recipe.Seed)
                    .As("log ratio of epochs to the plain student's final accuracy, fsp to plain", "natural logarithm", ClaimSide.Below),
            ],
            Parameters = SweepEntries.Parameters(entry, trained),
            Data = SweepEntries.Data(trained),
            Details = [new ClaimDetail("epochs to the plain student's final accuracy", epochs), SweepEntries.Accuracies(trained)],
            Notes =
            [
                "A third of the epochs, as published, would be a log ratio of −1.1.",
                censored == 0
                    ? "Every taught student reached it."
                    : $"{censored} of {taught.Length} taught students never reached it; each counts with all of its epochs, the first "
                        + "stage included, so that the true ratio is larger.",
            ],
        };
    }

    /// <summary>Censored at the length of the training.</summary>
    internal static int Epochs(TrainedStudent student) => student.EpochsToPlain ?? student.Epochs;
}
