namespace KdKernels.Distillation.Data;

/// <summary>Which data to load, and how much of it.</summary>
public sealed record DataOptions
{
    /// <summary>A name from <see cref="DataSources.Names"/>.</summary>
    public string Source { get; init; } = "shapes";

    /// <summary>
    /// Folder of the data; null for the folder that the environment variable KD_DATA names. Shapes needs none.
    /// </summary>
    public string? Root { get; init; }

    /// <summary>Training images; null for all (Shapes: 4,000). At most as many as there are.</summary>
    public int? TrainCount { get; init; }

    /// <summary>Held-out images; null for all (Shapes: 2,000). At most as many as there are.</summary>
    public int? TestCount { get; init; }

    /// <summary>
    /// Seed of generated images and of random splits. Fixed by default, so that runs of other seeds see the same data.
    /// </summary>
    public ulong Seed { get; init; } = 2026;

    /// <summary>image-folder: height and width to resize to; null where all images have one size already.</summary>
    public int? ImageSize { get; init; }

    /// <summary>image-folder without a test folder: part of the images that is held out, in (0, 1).</summary>
    public double TestFraction { get; init; } = 0.2;

    /// <summary>cifar100: which label is the class.</summary>
    public Cifar100Labels Cifar100Labels { get; init; } = Cifar100Labels.Fine;
}
