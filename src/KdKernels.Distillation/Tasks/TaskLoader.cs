using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Tasks;

/// <summary>The task that a data set's name stands for.</summary>
internal static class TaskLoader
{
    /// <exception cref="RecipeException">The recipe does not fit its data.</exception>
    /// <exception cref="Data.KdDataException">Files are missing or damaged.</exception>
    public static LearningTask Load(DataRecipe data, string recipe, string key = "data") =>
        TaskCatalog.Find(data.Name)?.Load(data, recipe, key) ?? ImageClassification.Load(data, recipe, key);
}
