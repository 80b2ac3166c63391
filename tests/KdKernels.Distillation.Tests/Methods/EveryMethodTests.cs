using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tests.Training;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary>What holds for every method that there is: it is found by name, so that a new one cannot be forgotten.</summary>
[Collection(TorchTests.Name)]
public sealed class EveryMethodTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("kd-methods").FullName;

    public static TheoryData<string> Methods =>
        [.. MethodCatalog.Names.Where(name => name != MethodCatalog.None)];

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [MemberData(nameof(Methods))]
    public void Trains_and_goes_on_after_three_steps_to_the_same_bits(string name)
    {
        Recipe recipe = Small(name);
        string whole = Path.Combine(root, "whole");
        string parts = Path.Combine(root, "parts");
        ExperimentResult expected = TrainingSample.Run(recipe, whole);
        Assert.NotNull(expected.Difference);

        using var cancellation = new CancellationTokenSource();
        int steps = 0;
        RecordingObserver? observer = null;
        observer = new RecordingObserver(_ =>
        {
            if (observer!.Steps[^1].Stage.Name == "distilled-1" && ++steps == 3)
            {
                cancellation.Cancel();
            }
        });
        Assert.Throws<TrainingInterruptedException>(
            () => TrainingSample.Run(recipe, parts, observer, cancellation.Token));
        ExperimentResult actual = TrainingSample.Run(recipe, parts);

        TrainingSample.AssertSame(
            TrainingSample.Outcome(whole, "distilled-1"), TrainingSample.Outcome(parts, "distilled-1"));
        Assert.Equal(expected.Distilled[0].HeldOut.Accuracy, actual.Distilled[0].HeldOut.Accuracy);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Its_recipe_reads_back_as_it_was(string name)
    {
        Recipe recipe = Small(name);
        Assert.Equal(
            recipe,
            RecipeReader.Parse(
                recipe.ToYaml(), "again", environment: new Dictionary<string, string>(StringComparer.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Says_what_it_is(string name)
    {
        MethodDefinition definition = MethodCatalog.Find(name)!;
        MethodRecipe method = MethodRecipe.Default(name);
        Assert.NotEmpty(definition.Summary);
        Assert.NotEmpty(definition.Paper);
        Assert.NotEmpty(definition.Contract(method.Settings));
        Assert.All(definition.Settings, setting => Assert.NotEmpty(setting.Meaning));
        Assert.Equal(
            definition.Settings.Count, definition.Settings.Select(setting => setting.Key).Distinct(StringComparer.Ordinal).Count());
    }

    /// <summary>The method on a handful of its task's items.</summary>
    private static Recipe Small(string name)
    {
        MethodDefinition definition = MethodCatalog.Find(name)!;
        string[] overrides =
        [
            $"method={name}", "seeds=1", "data.train=60", "data.test=40", "teacher.solver.epochs=1",
            "student.solver.epochs=1", "student.solver.batch-size=12", "teacher.solver.batch-size=12",
            "evaluation.bootstrap=100", "student.solver.lr=0.01",
            .. definition.Settings.Where(setting => setting.Key.EndsWith("epochs", StringComparison.Ordinal))
                .Select(setting => $"distill.{setting.Key}=1"),
        ];
        return definition.Task is null or "images"
            ? TrainingSample.Recipe(
                [.. overrides, "teacher.model=convnet-medium", "student.model=convnet-small"])
            : RecipeReader.Read(definition.Recipe, overrides, environment: new Dictionary<string, string>(StringComparer.Ordinal));
    }
}
