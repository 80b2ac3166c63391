namespace KdKernels.Analysis.Claims.Published;

/// <summary>Where the teacher is far larger than the student, networks of sizes in between help.</summary>
internal static class TakdLargeGap
{
    private const string Entry = "takd-large-gap";
    private const string Direct = "kd";
    private const string Chain = "chain";

    public static Claim Definition { get; } = new()
    {
        Name = "takd-large-gap",
        Hypothesis = "A chain of assistants between a large teacher and a small student teaches better than the teacher itself.",
        Paper = "Mirzadeh et al. 2020, Improved Knowledge Distillation via Teacher Assistant, section 5, table 1",
        Needs = "nothing in the reduced setting, whose images are generated; with --full " + SweepEntries.FullImages,
        Reduced = "Generated shapes, convnet-large by convnet-small and mlp to mlp-small, 8 epochs.",
        Full = "CIFAR-100, resnet56 (the paper's has 110 layers) by resnet20 and resnet14 to resnet8, 240 epochs with milestones.",
        Minutes = 8,
        FullMinutes = 30_000,
        Check = settings => SweepEntries.Check(SingleGain.Entries(settings, Entry, Direct, Chain)),
        Run = context => SingleGain.Run(
            context,
            SingleGain.Entries(context.Settings, Entry, Direct, Chain)[0],
            static (trained, key) =>
            [
                SweepEntries.Gain(trained.Arm(Chain), trained.Arm(Direct), key)
                    .As("gain of the chain over the teacher alone", "percentage points", ClaimSide.Above),
                SweepEntries.Gain(trained.Arm(Direct), trained.Plain, key)
                    .As("gain of the teacher alone over plain training", "percentage points", ClaimSide.Above, decides: false),
            ]),
    };
}
