namespace KdKernels.Analysis.Claims.Published;

/// <summary>A penalty on the Jacobian's norm makes a network robust against noise in its input.</summary>
internal static class InputNoise
{
    private const string Entry = "input-noise";
    private const string Method = "cross-entropy form";

    public static Claim Definition { get; } = new()
    {
        Name = "input-noise",
        Hypothesis = "A penalty on the norm of the input Jacobian raises accuracy on images with Gaussian noise.",
        Paper = "Srinivas and Fleuret 2018, Knowledge Transfer with Jacobian Matching, section 3, proposition 2, and section 5",
        Needs = SweepEntries.BothImages,
        Reduced = "CIFAR-10 as it is under KD_DATA, 100 images per class, convnet-small, 12 epochs, a penalty for σ = 0.3, noise of "
            + "0.5 on normalised images.",
        Full = "All of CIFAR-100, convnet-large, 120 epochs, the same penalty and noise.",
        Minutes = 3,
        FullMinutes = 4_000,
        Check = settings => SweepEntries.Check(SingleGain.Entries(settings, Entry, Method)),
        Run = context => SingleGain.Run(
            context,
            SingleGain.Entries(context.Settings, Entry, Method)[0],
            static (trained, key) =>
            [
                SweepEntries.ExtraGain(trained.Arms[0], trained.Plain, "accuracy under noise 0.5", key)
                    .As("gain in accuracy under noise of 0.5", "percentage points", ClaimSide.Above),
                SweepEntries.Gain(trained.Arms[0], trained.Plain, key)
                    .As("gain without noise", "percentage points", ClaimSide.Above, decides: false),
            ]),
    };
}
