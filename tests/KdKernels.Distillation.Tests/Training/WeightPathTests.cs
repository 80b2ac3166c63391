using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Training;

/// <summary>How far a layer's weights go, against sums over the weights themselves.</summary>
[Collection(TorchTests.Name)]
public sealed class WeightPathTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("kd-paths").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    /// <summary>One batch an epoch: the checkpoints of all epochs are all weights that there ever were.</summary>
    [Fact]
    public void A_path_is_the_sum_of_its_steps()
    {
        string path = Path.Combine(root, "run");
        TrainingSample.Run(
            TrainingSample.Recipe(
                "distill.method=none", "data.train=16", "student.model=convnet-small", "trace.epochs=[0, 1, 2, 3, 4]",
                "trace.layers=[stages, classifier]"),
            path);
        TrainedNetwork plain = Assert.Single(TrainedRun.Open(path).Networks);

        string[][] weights = [["stages.stage1.conv1.weight", "stages.stage2.conv1.weight"], ["classifier.weight"]];
        foreach ((string layer, string[] names) in ((string[])["stages", "classifier"]).Zip(weights))
        {
            double length = 0;
            double[] before = TracedWeights.Of(plain, 0, names);
            double initial = TracedWeights.Norm(before);
            Assert.Equal(0, plain.Path(layer, 0).Length);
            for (int epoch = 1; epoch <= 4; epoch++)
            {
                double[] after = TracedWeights.Of(plain, epoch, names);
                length += TracedWeights.Distance(after, before);
                before = after;
                Assert.Equal(length, plain.Path(layer, epoch).Length, 1e-12 * length);
                Assert.Equal(initial, plain.Path(layer, epoch).InitialNorm, 1e-12 * initial);
            }

            Assert.True(length > 0.01 * initial);
        }
    }

    /// <summary>Gradient descent written out here, several steps an epoch.</summary>
    [Fact]
    public void A_path_is_that_of_the_training_done_by_hand()
    {
        Recipe recipe = TrainingSample.Recipe(
            "distill.method=none",
            "trace={epochs: [0, 1, 3], layers: [stage1]}",
            "student.solver={lr: 0.05, momentum: 0, weight-decay: 0, batch-size: 16, epochs: 3, schedule: {kind: constant}}");
        string path = Path.Combine(root, "run");
        TrainingSample.Run(recipe, path);
        var run = TrainedRun.Open(path);
        TrainedNetwork plain = Assert.Single(run.Networks);

        using DisposeScope scope = NewDisposeScope();
        using nn.Module<Tensor, Tensor> network = run.Task.CreateNetwork("mlp-small", recipe.Seed, CPU);
        IBatches batches = run.Task.TrainingBatches(recipe.Data.Augment, 16, recipe.Seed, CPU);
        double length = 0;
        for (int epoch = 0; epoch < 3; epoch++)
        {
            foreach (ReadOnlyMemory<int> indices in batches.Plan.Batches(epoch))
            {
                Batch batch = batches.Load(indices.Span, epoch);
                double[] before = TracedWeights.Values(network.state_dict()["stage1.weight"]);
                Tensor[] parameters = [.. network.parameters()];
                IList<Tensor> gradients = autograd.grad(
                    [nn.functional.cross_entropy(network.call(batch.Inputs), batch.Labels)], parameters);
                using (no_grad())
                {
                    foreach ((Tensor parameter, Tensor gradient) in parameters.Zip(gradients))
                    {
                        parameter.sub_(gradient * 0.05);
                    }
                }

                length += TracedWeights.Distance(TracedWeights.Values(network.state_dict()["stage1.weight"]), before);
            }

            if (epoch is 0 or 2)
            {
                Assert.Equal(length, plain.Path("stage1", epoch + 1).Length, 1e-5 * length);
            }
        }

        Assert.True(length > 0.01);
    }

    [Theory]
    [InlineData("fc1", "expected a layer of mlp-small with weights, such as stage1, stage2, classifier, but got 'fc1'")]
    [InlineData("features", "but got 'features'")]
    [InlineData("stage", "but got 'stage'")]
    [InlineData("stage1.weight", "but got 'stage1.weight'")]
    [InlineData("\"\"", "but got ''")]
    public void A_layer_without_weights_is_refused_before_training(string layer, string sentence)
    {
        var observer = new RecordingObserver();
        RecipeException refused = Assert.Throws<RecipeException>(() => TrainingSample.Run(
            TrainingSample.Recipe($"trace.layers=[classifier, {layer}]"), Path.Combine(root, "run"), observer));

        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
        Assert.Equal("trace.layers", refused.Key);
        Assert.Empty(observer.Started);
    }

    [Fact]
    public void A_batch_norm_is_no_layer_with_weights()
    {
        RecipeException refused = Assert.Throws<RecipeException>(() => TrainingSample.Run(
            TrainingSample.Recipe("student.model=convnet-small", "trace.layers=[stages.stage1.bn1]"),
            Path.Combine(root, "run")));

        Assert.Contains(
            "such as stages.stage1.conv1, stages.stage2.conv1, classifier, but got 'stages.stage1.bn1'",
            refused.Message,
            StringComparison.Ordinal);
    }
}
