using KdKernels.Distillation.Data;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models;

[Collection(TorchTests.Name)]
public sealed class PointNetTests
{
    private static readonly CloudSet Sample = Clouds.Generate(20, 1, seed: 3).Train;

    public static TheoryData<string> Names =>
        [.. ModelRegistry.Models.Where(model => model.Kind == "clouds").Select(model => model.Name)];

    /// <summary>Counted by hand: without biases before batch norms of points, with them in the head.</summary>
    [Theory]
    [InlineData("pointnet-small", (3 * 8 + 8 * 16 + 16 * 32) + 2 * (8 + 16 + 32) + (32 * 24 + 3 * 24) + (24 * 16 + 3 * 16) + 17 * 10)]
    [InlineData("pointnet-large", (3 * 48 + 48 * 64 + 64 * 192) + 2 * (48 + 64 + 192) + (192 * 96 + 3 * 96) + (96 * 48 + 3 * 48) + 49 * 10)]
    public void Has_the_parameters_of_its_layers(string name, long parameters)
    {
        using nn.Module<Tensor, Tensor> network = Network(name);
        Assert.Equal(parameters, ModelRegistry.CountParameters(network));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_order_of_the_points_changes_nothing(string name)
    {
        using var scope = NewDisposeScope();
        nn.Module<Tensor, Tensor> network = Network(name);
        Tensor points = Points();
        Tensor order = randperm(points.shape[2], int64);
        Tensor other = points.index_select(2, order);
        Assert.False(other.eq(points).all().ToBoolean());
        foreach (bool training in (bool[])[true, false])
        {
            network.train(training);
            Tensor difference = network.call(points) - network.call(other);
            Assert.InRange(difference.abs().max().ToDouble(), 0, 2e-5);
        }

        // What is not the same points gives something else.
        Assert.True((network.call(points) - network.call(points * 0.5)).abs().max().ToDouble() > 1e-3);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gives_a_gradient_to_every_parameter_and_leaves_no_tensor_behind(string name)
    {
        using nn.Module<Tensor, Tensor> network = Network(name);
        using Tensor points = Points();
        network.call(points).Dispose();
        long before = Tensor.TotalCount;
        using (Tensor logits = network.call(points))
        {
            Assert.Equal(before + 1, Tensor.TotalCount);
            Assert.Equal([20L, 10L], logits.shape);
            using Tensor loss = logits.square().sum();
            loss.backward();
        }

        foreach ((string parameter, Parameter weight) in network.named_parameters())
        {
            using Tensor gradient = weight.grad!;
            Assert.True(gradient.abs().max().ToDouble() > 0, parameter);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Taps_have_their_shapes_and_stay_as_they_were(string name)
    {
        using var scope = NewDisposeScope();
        nn.Module<Tensor, Tensor> network = Network(name);
        var tapped = (ITappedModel)network;
        string[] layers = [.. tapped.StageLayers, "fc1", "fc2", tapped.FeatureLayer, "fc3"];
        Assert.Equal(["stages.stage1", "stages.stage2", "stages.stage3"], tapped.StageLayers);
        var copies = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var modules = network.named_modules().ToDictionary(entry => entry.name, entry => entry.module, StringComparer.Ordinal);
        foreach (string layer in layers)
        {
            ((nn.Module<Tensor, Tensor>)modules[layer]).register_forward_hook((_, _, output) =>
            {
                copies[layer] = output.clone().DetachFromDisposeScope();
                return output;
            });
        }

        using var taps = new NetworkTaps(network, layers);
        Tensor logits = network.call(Points());
        IReadOnlyDictionary<string, Tensor> taken = taps.Take();
        foreach (string layer in layers)
        {
            using Tensor copy = copies[layer];
            Assert.True(taken[layer].eq(copy).all().ToBoolean(), layer);
            Assert.Equal(layer.StartsWith("stages", StringComparison.Ordinal) ? 4 : 2, taken[layer].dim());
        }

        Assert.Equal([256L, 1L], taken["stages.stage3"].shape[2..]);
        Assert.True(taken["fc3"].eq(logits).all().ToBoolean());
        Assert.True(taken["fc1"].min().ToDouble() < 0, "what comes before a ReLU has both signs");
        Assert.Equal(0, taken[tapped.FeatureLayer].min().ToDouble());
    }

    /// <summary>Chance is 10 %; 600 clouds and six epochs take the small network to 53 %.</summary>
    [Fact]
    public void Learns_from_few_clouds_and_to_the_same_bits()
    {
        CloudSplits splits = Clouds.Generate(600, 400, seed: 2026);
        (double accuracy, byte[] weights) = Trained(splits);
        Assert.InRange(accuracy, 0.35, 1);
        Assert.Equal(weights, Trained(splits).Weights);
    }

    private static (double Accuracy, byte[] Weights) Trained(CloudSplits splits)
    {
        using var scope = NewDisposeScope();
        nn.Module<Tensor, Tensor> network = Network("pointnet-small");
        var batches = new CloudBatches(splits.Train, new BatchPlan(splits.Train.Count, 32, seed: 1), CPU);
        using var optimizer = optim.Adam(network.parameters(), lr: 0.01);
        network.train();
        for (int epoch = 0; epoch < 6; epoch++)
        {
            foreach (ReadOnlyMemory<int> indices in batches.Plan.Batches(epoch))
            {
                using var step = NewDisposeScope();
                Batch batch = batches.Load(indices.Span, epoch);
                optimizer.zero_grad();
                nn.functional.cross_entropy(network.call(batch.Inputs), batch.Labels).backward();
                optimizer.step();
            }
        }

        var task = new CloudTask(splits.Train, splits.Test);
        double accuracy = task.Evaluate(network, new() { BatchSize = 100 }, CPU, teacher: null).Metrics.Accuracy;
        return (accuracy, [.. network.parameters().SelectMany(parameter => parameter.detach().bytes.ToArray())]);
    }

    private static nn.Module<Tensor, Tensor> Network(string name)
    {
        random.manual_seed(1);
        return ModelRegistry.Create("clouds", name, 10, CloudSet.Channels, Clouds.PointCount);
    }

    private static Tensor Points() => CloudBatches.Points(Sample, [.. Enumerable.Range(0, Sample.Count)]);
}
