using KdKernels.Distillation.Data;
using KdKernels.Distillation.Data.Sequences;
using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Tasks;

/// <summary>Every data set that a recipe can name, with the kind of task that it is for.</summary>
public static class TaskCatalog
{
    private static readonly Entry[] Others =
    [
        new(
            "sentiment",
            SequenceTask.Sequences,
            "generated: sentences of two classes; negations, intensifiers and contrasts decide",
            static (data, recipe, key) => SequenceTask.Load(data, recipe, key, Sentiment.Generate)),
        new(
            "span-questions",
            SequenceTask.Spans,
            "generated: a question and a passage; the answer is a span of it",
            static (data, recipe, key) => SequenceTask.Load(data, recipe, key, SpanQuestions.Generate)),
        new(
            "scenes",
            SceneDetection.KindName,
            "generated: one to three objects of 6 classes with their boxes, 48x48 RGB",
            static (data, recipe, key) => SceneDetection.Load(data, recipe, key)),
        new(
            "shapes-segmentation",
            ShapesSegmentation.KindName,
            "shapes with their masks, which training does not see",
            static (data, recipe, key) => ShapesSegmentation.Load(data, recipe, key)),
        new(
            "clouds",
            CloudTask.KindName,
            "generated: 10 classes of solids as 256 points in space, with clutter",
            static (data, recipe, key) => CloudTask.Load(data, recipe, key)),
    ];

    /// <summary>Images first, in the order of the documentation.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. DataSources.Names, .. Others.Select(entry => entry.Name)];

    /// <summary>One line about a data set.</summary>
    public static string Describe(string name) => Find(name)?.Description ?? DataSources.Describe(name);

    /// <summary>What there is to learn: <c>images</c>, <c>sequences</c>, <c>spans</c>, ...</summary>
    public static string KindOf(string name) => Find(name)?.Kind ?? ImageClassification.KindName;

    /// <summary>The task that a data set's name stands for.</summary>
    /// <exception cref="RecipeException">The recipe does not fit its data.</exception>
    /// <exception cref="KdDataException">Files are missing or damaged.</exception>
    internal static LearningTask Load(DataRecipe data, string recipe, string key = "data") =>
        Find(data.Name)?.Load(data, recipe, key) ?? ImageClassification.Load(data, recipe, key);

    /// <summary>Null for images, which <see cref="DataSources"/> has.</summary>
    internal static Entry? Find(string name) =>
        Array.Find(Others, entry => string.Equals(entry.Name, name, StringComparison.Ordinal));

    internal sealed record Entry(
        string Name, string Kind, string Description, Func<DataRecipe, string, string, LearningTask> Load);
}
