namespace KdKernels.Analysis.Claims.Published;

/// <summary>Variational information distillation teaches a perceptron what a convolutional network knows.</summary>
internal static class VidCnnToMlp
{
    private const string Entry = "convnet-to-mlp";
    private const string Method = "vid";

    public static Claim Definition { get; } = new()
    {
        Name = "vid-cnn-to-mlp",
        Hypothesis = "Variational information distillation from a convolutional network raises a perceptron's held-out accuracy.",
        Paper = "Ahn, Hu, Damianou, Lawrence and Dai 2019, Variational Information Distillation for Knowledge Transfer, section 4.3: "
            + "85 % against 71 %",
        Needs = SweepEntries.Images,
        Reduced = "CIFAR-10 as it is under KD_DATA, convnet-medium to a perceptron of 800 units per layer, 6 epochs: hundreds of images "
            + "per class where the paper has thousands.",
        Full = "All of CIFAR-10, wrn-40-2 to a perceptron of 1,200 units per layer (the paper's has 4,096), 200 epochs.",
        Minutes = 6,
        FullMinutes = 20_000,
        Check = settings => SweepEntries.Check(SingleGain.Entries(settings, Entry, Method)),
        Run = context => SingleGain.Run(
            context,
            SingleGain.Entries(context.Settings, Entry, Method)[0],
            static (trained, key) =>
            [
                SweepEntries.Gain(trained.Arm(Method), trained.Plain, key)
                    .As("gain over plain training", "percentage points", ClaimSide.Above),
            ]),
    };
}
