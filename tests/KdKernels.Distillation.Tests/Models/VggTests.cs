using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models;

[Collection(TorchTests.Name)]
public sealed class VggTests
{
    [Theory]
    [InlineData("vgg-small", 1, 28, 16, 64)]
    [InlineData("vgg-small", 3, 32, 16, 64)]
    [InlineData("vgg-large", 1, 28, 32, 256)]
    [InlineData("vgg-large", 3, 32, 32, 256)]
    public void Its_layers_can_be_tapped_and_the_linear_ones_before_their_relu(
        string name, int channels, int size, int width, int hidden)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using nn.Module<Tensor, Tensor> network = ModelRegistry.Create(name, 10, channels, size);
        var model = (ITappedModel)network;
        using var taps = new NetworkTaps(network, ["fc1", "fc2", "features", "fc3", .. model.StageLayers]);

        Tensor logits = network.call(randn([2, channels, size, size]));
        IReadOnlyDictionary<string, Tensor> tapped = taps.Take();

        for (int stage = 1; stage <= 3; stage++)
        {
            int map = size >> stage;
            Assert.Equal([2, width << (stage - 1), map, map], tapped[model.StageLayers[stage - 1]].shape);
        }

        Assert.Equal([2L, hidden], tapped["fc1"].shape);
        Assert.Equal([2L, hidden], tapped["fc2"].shape);
        Assert.True(tapped["fc1"].min().item<float>() < 0);
        Assert.True(tapped["fc2"].min().item<float>() < 0);
        Assert.Equal(0, (tapped["fc2"].relu() - tapped["features"]).abs().max().item<float>());
        Assert.Equal(0, (tapped["fc3"] - logits).abs().max().item<float>());
        Assert.Equal(["stages.stage1", "stages.stage2", "stages.stage3"], model.StageLayers, StringComparer.Ordinal);
        Assert.Equal("features", model.FeatureLayer);
    }
}
