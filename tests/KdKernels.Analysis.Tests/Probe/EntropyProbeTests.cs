using KdKernels.Analysis.Probe;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Tests.Probe;

public sealed class EntropyProbeTests
{
    [Fact]
    public void TheOptimumOfALinearLayerIsTheClosedForm()
    {
        // methods: sigma_g^2 = alpha delta^2 n_f / (2 G^2 sum of the squared weights of the cell's pixels).
        const int grid = 3;
        const int features = 5;
        using var scope = NewDisposeScope();
        random.manual_seed(3);
        using Sequential network = Linear(2 * 6 * 6, features);
        Tensor images = randn([2, 2, 6, 6], ScalarType.Float64);
        var settings = new ProbeSettings
        {
            Grid = grid,
            LearningRate = 6e-5,
            Steps = 6000,
            Rectify = false,
            Selection = ProbeSelection.LastHalf,
            Seed = 11,
            CopiesPerPass = 192,
        };
        ProbeResult result = EntropyProbe.Run(network, "fc", images, settings);

        Tensor weight = network.get_parameter("fc.weight")!.detach().reshape(features, 2, grid, 2, grid, 2);
        double[] squared = EntropyProbe.Values(weight.square().sum([0L, 1L, 3L, 5L]));
        for (int image = 0; image < 2; image++)
        {
            for (int cell = 0; cell < grid * grid; cell++)
            {
                double expected = Math.Sqrt(
                    settings.Alpha * result.FeatureScale[image] * features / (2.0 * grid * grid * squared[cell]));
                Assert.InRange(result.Sigma[image][cell] / expected, 0.98, 1.02);
            }
        }
    }

    [Fact]
    public void TheTrajectoryOfThePublishedSettingsEqualsAnIndependentComposition()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        using Sequential network = Convolution();
        Tensor images = randn([2, 1, 16, 16], ScalarType.Float64);
        var settings = new ProbeSettings { Seed = 7 };
        ProbeResult result = EntropyProbe.Run(network, "act", images, settings);
        for (int image = 0; image < 2; image++)
        {
            IReadOnlyList<(double Entropy, double[] Sigma)> steps = ComposedProbe.Descend(
                network, images, image, settings);
            int count = result.Entropies[image].Length;
            Assert.Equal(steps.Count, count);
            Assert.Equal(steps.Any(step => step.Entropy > settings.TargetEntropy), result.Reached[image]);
            for (int step = 0; step < count; step++)
            {
                Assert.Equal(steps[step].Entropy, result.Entropies[image][step], 1e-10);
            }

            double[] nearest = steps.MinBy(step => Math.Abs(step.Entropy - settings.TargetEntropy)).Sigma;
            for (int unit = 0; unit < nearest.Length; unit++)
            {
                Assert.Equal(nearest[unit], result.Sigma[image][unit], 1e-8);
            }
        }
    }

    [Fact]
    public void AnItemDoesNotDependOnThoseBesideIt()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        using Sequential network = Convolution();
        Tensor images = randn([4, 1, 16, 16], ScalarType.Float64);
        var settings = ProbeSettings.Reduced with { CopiesPerPass = 1 };
        ProbeResult alone = EntropyProbe.Run(network, "act", images, settings);
        ProbeResult together = EntropyProbe.Run(network, "act", images, settings with { CopiesPerPass = 3 * settings.Samples });
        Assert.Equal(alone.Step, together.Step);
        for (int image = 0; image < 4; image++)
        {
            for (int unit = 0; unit < 64; unit++)
            {
                Assert.Equal(alone.Sigma[image][unit], together.Sigma[image][unit], 1e-9);
            }
        }
    }

    [Fact]
    public void TheScaleOfFeaturesDoesNotMatter()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        using Sequential network = Convolution();
        Tensor images = randn([2, 1, 16, 16], ScalarType.Float64);
        var settings = new ProbeSettings { Grid = 8, Samples = 8, Steps = 20, ExtraSteps = 5 };
        ProbeResult before = EntropyProbe.Run(network, "act", images, settings);
        using (no_grad())
        {
            foreach (Tensor parameter in network.parameters())
            {
                parameter.mul_(10);
            }
        }

        ProbeResult after = EntropyProbe.Run(network, "act", images, settings);
        Assert.Equal(100, after.FeatureScale[0] / before.FeatureScale[0], 1e-6);
        for (int unit = 0; unit < 64; unit++)
        {
            Assert.Equal(before.Sigma[1][unit], after.Sigma[1][unit], 1e-9);
        }
    }

    [Fact]
    public void ItemsThatMissTheTargetGetMoreStepsWithALargerAlpha()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        using Sequential network = Convolution();
        Tensor images = randn([1, 1, 16, 16], ScalarType.Float64);
        var settings = new ProbeSettings { Grid = 8, Samples = 8, Steps = 3, ExtraSteps = 4, LearningRate = 4e-6 };
        ProbeResult slow = EntropyProbe.Run(network, "act", images, settings);
        Assert.False(slow.Reached[0]);
        Assert.Equal(7, slow.Entropies[0].Length);
        Assert.Equal(6, slow.Step[0]);
        double before = slow.Entropies[0][3] - slow.Entropies[0][2];
        double behind = slow.Entropies[0][5] - slow.Entropies[0][4];
        Assert.InRange(behind / before, 1.3, 2.2);
    }

    [Fact]
    public void ParametersStayAsTheyAre()
    {
        using var scope = NewDisposeScope();
        using Sequential network = Convolution();
        _ = EntropyProbe.Run(
            network, "act", randn([1, 1, 16, 16], ScalarType.Float64), ProbeSettings.Reduced with { Steps = 2, ExtraSteps = 0 });
        Assert.All(network.parameters(), parameter => Assert.True(parameter.requires_grad));
        Assert.Equal(
            [1L, 2L, 16L, 16L], network.call(randn([1, 1, 16, 16], ScalarType.Float64)).shape);
    }

    [Fact]
    public void BadInputIsRefusedByASentence()
    {
        using var scope = NewDisposeScope();
        using Sequential network = Convolution();
        Tensor images = randn([1, 1, 16, 16], ScalarType.Float64);
        Assert.Contains(
            "expected one of the layers conv, act but got 'fc1'",
            Assert.Throws<AnalysisException>(() => EntropyProbe.Run(network, "fc1", images, new ProbeSettings())).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "expected a first sigma in [0.001, 1] but got 2",
            Assert.Throws<AnalysisException>(
                () => EntropyProbe.Run(network, "act", images, new ProbeSettings { InitialSigma = 2 })).Message,
            StringComparison.Ordinal);
        network.train();
        Assert.Contains(
            "evaluation mode",
            Assert.Throws<AnalysisException>(() => EntropyProbe.Run(network, "act", images, new ProbeSettings())).Message,
            StringComparison.Ordinal);
    }

    private static Sequential Linear(long inputs, long outputs)
    {
        Sequential network = nn.Sequential(("flat", nn.Flatten()), ("fc", nn.Linear(inputs, outputs)));
        network.to(ScalarType.Float64);
        network.eval();
        return network;
    }

    private static Sequential Convolution()
    {
        Sequential network = nn.Sequential(
            ("conv", nn.Conv2d(1, 2, 3, padding: 1)), ("act", nn.ReLU()));
        network.to(ScalarType.Float64);
        network.eval();
        return network;
    }
}
