using KdKernels.Distillation.Data;
using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Tasks;

/// <summary>Data that a recipe can name.</summary>
/// <param name="Name">As written in a recipe.</param>
/// <param name="Description">One line.</param>
/// <param name="Task">The kind of task that it is for.</param>
public sealed record TaskInfo(string Name, string Description, string Task);

/// <summary>The data that recipes can name, each with its task: the sets of single images of <see cref="DataSources"/>,
/// then those that ask for something else.</summary>
public static class TaskCatalog
{
    private delegate LearningTask Loader(DataRecipe data, string recipe, string key);

    private static readonly (TaskInfo Info, Loader Load)[] Entries =
    [
        .. DataSources.Names.Select(name => Entry(
            name, DataSources.Describe(name), ImageClassification.KindName, ImageClassification.Load)),
        Entry("scenes", "generated: 1 to 3 objects of 6 classes with their boxes, 48x48 RGB", SceneDetection.KindName, SceneDetection.Load),
        Entry("shapes-segmentation", "shapes with their masks, which training does not see", ShapesSegmentation.KindName, ShapesSegmentation.Load),
    ];

    /// <summary>Everything, in the order of the documentation.</summary>
    public static IReadOnlyList<TaskInfo> All { get; } = [.. Entries.Select(entry => entry.Info)];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(info => info.Name)];

    /// <exception cref="RecipeException">The recipe does not fit its data.</exception>
    /// <exception cref="KdDataException">Files are missing or damaged.</exception>
    internal static LearningTask Load(DataRecipe data, string recipe, string key)
    {
        foreach ((TaskInfo info, Loader load) in Entries)
        {
            if (string.Equals(info.Name, data.Name, StringComparison.Ordinal))
            {
                return load(data, recipe, key);
            }
        }

        throw new RecipeException(
            recipe, 0, $"{key}.name", $"expected one of {string.Join(", ", Names)} but got '{data.Name}'");
    }

    private static (TaskInfo Info, Loader Load) Entry(string name, string description, string task, Loader load) =>
        (new TaskInfo(name, description, task), load);
}
