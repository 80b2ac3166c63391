using KdKernels.Distillation.Recipes;

namespace KdKernels.Analysis.Augmentations;

/// <summary>How much <see cref="AugmentationMeter"/> looks at. The measure depends on the size of a set, so that figures compare
/// only where it is the same.</summary>
public sealed record AugmentationMeterSettings
{
    /// <summary>n: distinct originals per set. 320, five batches of 64, is what the authors' code comes to.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 2.</exception>
    public int SetSize
    {
        get;
        init => field = AtLeast(value, 2);
    }
    = 320;

    /// <summary>Images per batch, the unit that is mixed. The last batch of a set has what is left.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 2.</exception>
    public int BatchSize
    {
        get;
        init => field = AtLeast(value, 2);
    }
    = 64;

    /// <summary>How many sets the deviation is over.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 2.</exception>
    public int Sets
    {
        get;
        init => field = AtLeast(value, 2);
    }
    = 100;

    /// <summary>Of the order of the images and of the augmentations.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>How the originals themselves are changed first, as training does; by default not at all.</summary>
    public AugmentRecipe Training { get; init; } = new();

    private static int AtLeast(int value, int least) => value >= least
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, $"expected at least {least}");
}
