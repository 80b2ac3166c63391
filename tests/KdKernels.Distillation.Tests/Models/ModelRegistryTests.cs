using KdKernels.Distillation.Models;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models;

[Collection(TorchTests.Name)]
public class ModelRegistryTests
{
    public static TheoryData<string> Names => 
        [.. ModelRegistry.Models.Where(model => model.Kind == "images").Select(model => model.Name)];

    /// <summary>
    /// Counted by hand from the architectures. As published: ResNet-20 0.27 M and ResNet-56 0.85 M (He et al. 2015,
    /// table 6, option A at 10 classes; option B
    /// adds 2,752), WRN-16-1 0.17 M, WRN-16-2 0.70 M, WRN-40-2 2.2 M (Zagoruyko and Komodakis 2016).
    /// </summary>
    [Theory]
    [InlineData("resnet8", 10, 78042)]
    [InlineData("resnet14", 10, 175258)]
    [InlineData("resnet20", 10, 272474)]
    [InlineData("resnet20", 100, 278324)]
    [InlineData("resnet56", 10, 855770)]
    [InlineData("resnet56", 100, 861620)]
    [InlineData("wrn-16-1", 10, 175066)]
    [InlineData("wrn-16-2", 100, 703284)]
    [InlineData("wrn-40-2", 100, 2255156)]
    [InlineData("convnet-small", 10, 25626)]
    [InlineData("vgg-small", 10, 94106)]
    [InlineData("vgg-large", 10, 880362)]
    public void Has_the_published_number_of_parameters(string name, int classes, long parameters)
    {
        using var network = ModelRegistry.Create(name, classes, channels: 3, imageSize: 32);

        Assert.Equal(parameters, ModelRegistry.CountParameters(network));
    }

    [Fact]
    public void Hintons_networks_have_their_widths()
    {
        using var student = ModelRegistry.Create("mlp", 10, 1, 28);
        using var teacher = ModelRegistry.Create("mlp-large", 10, 1, 28);

        Assert.Equal(784 * 800 + 800 + 800 * 800 + 800 + 800 * 10 + 10, ModelRegistry.CountParameters(student));
        Assert.Equal(784 * 1200 + 1200 + 1200 * 1200 + 1200 + 1200 * 10 + 10, ModelRegistry.CountParameters(teacher));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gives_logits_and_a_gradient_to_every_parameter_and_leaves_no_tensor_behind(string name)
    {
        using (var warm = ModelRegistry.Create(name, 7, 3, 16))
        {
            long before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
            using (var scope = NewDisposeScope())
            {
                Tensor logits = warm.call(randn([2, 3, 16, 16]));
                Assert.Equal([2L, 7L], logits.shape);
                logits.square().sum().backward();
                foreach ((string parameterName, TorchSharp.Modules.Parameter parameter) in warm.named_parameters())
                {
                    Assert.True(parameter.grad is not null, parameterName);
                }

                foreach (TorchSharp.Modules.Parameter parameter in warm.parameters())
                {
                    parameter.grad = null;
                }
            }

            Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Equal_seeds_give_equal_weights_and_others_do_not(string name)
    {
        Assert.Equal(Weights(1), Weights(1));
        Assert.NotEqual(Weights(1), Weights(2));

        byte[] Weights(long seed)
        {
            random.manual_seed(seed);
            using var network = ModelRegistry.Create(name, 10, 1, 8);
            return [.. network.parameters().SelectMany(parameter => parameter.detach().bytes.ToArray())];
        }
    }

    /// <summary>He et al. 2015b, fan out: variance 2 / (k² · outputs), here 2 / (9 · 64).</summary>
    [Theory]
    [InlineData("resnet56", "stage3.block9.conv2.weight")]
    [InlineData("wrn-40-2", "stage2.block3.conv2.weight")]
    public void Convolutions_start_as_in_the_papers_code(string name, string weight)
    {
        random.manual_seed(1);
        using var network = ModelRegistry.Create(name, 10, 3, 32);
        using var scope = NewDisposeScope();
        Tensor weights = network.state_dict()[weight];

        Assert.Equal([64L, 64L, 3L, 3L], weights.shape);
        Assert.Equal(Math.Sqrt(2.0 / (9 * 64)), weights.detach().square().mean().sqrt().item<float>(), 0.001);
        Assert.Equal(0, weights.detach().mean().item<float>(), 0.002);
    }

    /// <summary>Taps of later methods go by these names.</summary>
    [Theory]
    [InlineData("resnet20", "stage2.block3.conv1.weight")]
    [InlineData("resnet8", "stage2.block1.shortcut.conv.weight")]
    [InlineData("wrn-16-2", "stage3.block1.shortcut.weight")]
    [InlineData("convnet-large", "stages.stage3.conv2.weight")]
    [InlineData("mlp", "classifier.bias")]
    [InlineData("vgg-small", "stages.stage3.conv1.weight")]
    [InlineData("vgg-large", "stages.stage1.conv2.weight")]
    [InlineData("vgg-large", "fc1.weight")]
    [InlineData("vgg-large", "fc2.weight")]
    [InlineData("vgg-large", "fc3.weight")]
    public void Names_its_stages(string name, string weight)
    {
        using var network = ModelRegistry.Create(name, 10, 3, 32);

        Assert.Contains(weight, network.state_dict().Keys, StringComparer.Ordinal);
    }

    [Fact]
    public void Rejects_unknown_names_and_tiny_images()
    {
        Assert.Contains(
            "expected a model for images, one of mlp-small",
            Assert.Throws<ArgumentException>(() => ModelRegistry.Create("resnet18", 10, 3, 32)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => ModelRegistry.Create("resnet20", 10, 3, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => ModelRegistry.Create("resnet20", 0, 3, 32));
    }
}
