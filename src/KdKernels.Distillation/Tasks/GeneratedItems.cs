using KdKernels.Distillation.Data;
using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Tasks;

/// <summary>How much a recipe asks of a generated set whose items are no images.</summary>
internal static class GeneratedItems
{
    // What a recipe that asks for all items gets.
    private const int TrainCountDefault = 4000;
    private const int TestCountDefault = 2000;

    /// <summary>Numbers of items to generate, the validation items among the training ones, and the seed.</summary>
    /// <exception cref="RecipeException">It asks for what only images have, or leaves less than two to train
    /// on.</exception>
    public static (int Train, int Test, ulong Seed) Read(DataRecipe data, string recipe, string key)
    {
        AugmentRecipe augment = data.Augment;
        if (augment.Crop > 0 || augment.Flip || augment.Cutout > 0)
        {
            throw new RecipeException(recipe, 0, $"{key}.augment", $"expected none for {data.Name}, which has no images, but got some");
        }

        if (data.ImageSize != 0)
        {
            throw new RecipeException(recipe, 0, $"{key}.image-size", $"expected 0 for {data.Name}, which has no images, but got {data.ImageSize}");
        }

        int count = data.Train == 0 ? TrainCountDefault : data.Train;
        if (data.Validation > 0 && data.Validation >= count - 1)
        {
            throw new RecipeException(
                recipe, 0, $"{key}.validation", $"expected less than the {count} training items but got {data.Validation}");
        }

        return (count, data.Test == 0 ? TestCountDefault : data.Test, new DataOptions { Source = data.Name }.Seed);
    }
}
