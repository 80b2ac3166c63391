using System.Text.Json.Nodes;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tests.Training;

/// <summary>A small experiment that takes a fraction of a second.</summary>
internal static class TrainingSample
{
    public const int StepsPerEpoch = 4;

    public static Recipe Recipe(params string[] overrides) => RecipeReader.Parse(
        """
        name: sample
        seeds: 1
        data: {name: shapes, train: 60, test: 40, augment: {crop: 4, flip: true}}
        teacher: {model: convnet-small, solver: {epochs: 2, batch-size: 16}}
        student: {model: mlp-small, solver: {epochs: 4, batch-size: 16}}
        evaluation: {bootstrap: 100}
        """,
        "sample",
        overrides,
        environment: new Dictionary<string, string>(StringComparer.Ordinal));

    public static ExperimentResult Run(
        Recipe recipe, string path, ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        using RunFolder folder = Directory.Exists(path) ? RunFolder.Resume(path) : RunFolder.Create(recipe, path);
        return Experiment.Run(folder, observer ?? new RecordingObserver(), cancellation);
    }

    /// <summary>The bytes of a training's last weights and optimiser state, and its history without what depends on the
    /// clock.</summary>
    public static (byte[] Weights, byte[] Optimizer, string History) Outcome(string path, string stage)
    {
        string folder = Path.Combine(path, "checkpoints", stage, "last");
        JsonNode state = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "state.json")))!["state"]!;
        JsonArray history = state["history"]!.AsArray();
        foreach (JsonNode? epoch in history)
        {
            epoch!.AsObject().Remove("seconds");
            epoch.AsObject().Remove("images_per_second");
        }

        // The network's, and those of what methods train besides it.
        byte[] weights =
        [
            .. Directory.GetFiles(folder, "*.safetensors").Order(StringComparer.Ordinal).SelectMany(File.ReadAllBytes),
        ];
        return (
            weights,
            File.ReadAllBytes(Path.Combine(folder, "optimizer.dat")),
            history.ToJsonString() + state["best"]);
    }

    public static void AssertSame(
        (byte[] Weights, byte[] Optimizer, string History) expected,
        (byte[] Weights, byte[] Optimizer, string History) actual)
    {
        Assert.Equal(expected.History, actual.History);
        Assert.True(expected.Weights.AsSpan().SequenceEqual(actual.Weights), "the weights differ");
        Assert.True(expected.Optimizer.AsSpan().SequenceEqual(actual.Optimizer), "the optimiser states differ");
    }
}
