namespace KdKernels.Analysis.Claims.Published;

/// <summary>Soft targets tell a student about a class of which it never sees an item.</summary>
internal static class OmittedDigit
{
    private const string Entry = "omitted-digit";

    public static Claim Definition { get; } = new()
    {
        Name = "omitted-digit",
        Hypothesis = "A student that never sees a three recognises threes once their bias is raised, if a teacher's soft targets "
            + "taught it.",
        Paper = "Hinton, Vinyals and Dean 2015, Distilling the Knowledge in a Neural Network, section 3",
        Needs = "MNIST: mnist under KD_DATA, or -s data.root=DIR",
        Reduced = "MNIST as it is under KD_DATA, mlp to mlp-small, T = 4, 10 epochs.",
        Full = "All of MNIST, mlp-large to mlp, T = 20, 60 epochs; without the paper's dropout and jitter.",
        Minutes = 3,
        FullMinutes = 300,
        Check = settings => SweepEntries.Check(SingleGain.Entries(settings, Entry, Method(settings))),
        Run = context => SingleGain.Run(
            context,
            SingleGain.Entries(context.Settings, Entry, Method(context.Settings))[0],
            static (trained, key) =>
            [
                SweepEntries.ExtraGain(trained.Arms[0], trained.Plain, "the same with its bias raised", key).As(
                    "share of the omitted class recognised with its bias raised, taught minus plain", "percentage points", ClaimSide.Above),
                SweepEntries.ExtraGain(trained.Arms[0], trained.Plain, "accuracy on the omitted class", key).As(
                    "the same without raising it", "percentage points", ClaimSide.Above, decides: false),
            ],
            "The bias is raised by what makes accuracy over all held-out items highest, as in the paper, for each student by itself."),
    };

    private static string Method(ClaimSettings settings) => settings.Full ? "kd T=20" : "kd T=4";
}
