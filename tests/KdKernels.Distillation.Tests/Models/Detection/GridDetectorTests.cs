using KdKernels.Distillation.Data;
using KdKernels.Distillation.Metrics;
using KdKernels.Distillation.Models.Detection;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models.Detection;

[Collection(TorchTests.Name)]
public class GridDetectorTests
{
    [Theory]
    [InlineData(false, 32)]
    [InlineData(true, 64)]
    public void Gives_numbers_per_cell_its_backbone_to_hooks_and_leaves_no_tensor_behind(bool large, int features)
    {
        using GridDetector network = large ? GridDetector.Large(6) : GridDetector.Small(6);
        long before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using (NewDisposeScope())
        {
            Dictionary<string, Tensor> taps = network.Tap("backbone");
            Tensor output = network.call(randn([2, 3, 48, 48]));
            Assert.Equal([2L, 36L, 11L], output.shape);
            Assert.Equal([2L, features, 6L, 6L], taps["backbone"].shape);
            Assert.Equal([2L, 36L, 7L], network.Grid.Logits(output).shape);
            Assert.Equal([2L, 36L, 4L], network.Grid.Offsets(output).shape);
            output.square().sum().backward();
            foreach ((string name, Parameter parameter) in network.named_parameters())
            {
                Assert.True(parameter.grad is not null, name);
                parameter.grad = null;
            }
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    /// <summary>A mark on one cell reaches that cell and its neighbours of the second ring, and no farther.</summary>
    [Fact]
    public void Cells_lie_where_the_grid_says()
    {
        random.manual_seed(1);
        using GridDetector network = GridDetector.Small(6);
        network.eval();
        using var scope = NewDisposeScope();
        Tensor image = zeros([1, 3, 48, 48]);
        Tensor marked = image.clone();
        marked.narrow(2, 16, 8).narrow(3, 32, 8).fill_(3);

        float[] change =
            (network.call(marked) - network.call(image)).abs().sum([0, 2]).detach().data<float>().ToArray();

        Assert.True(change[network.Grid.CellOf(new BoundingBox(32, 16, 40, 24))] > 0);
        for (int cell = 0; cell < change.Length; cell++)
        {
            int distance = Math.Max(Math.Abs(cell / 6 - 2), Math.Abs(cell % 6 - 4));
            Assert.True(distance <= 2 || change[cell] == 0, $"cell {cell} sees a mark {distance} cells away");
        }
    }

    [Fact]
    public void Refuses_sizes_that_have_no_whole_cells()
    {
        Assert.Throws<ArgumentException>(() => GridDetector.Small(6, imageSize: 44));
        Assert.Throws<ArgumentException>(() => new GridDetector(6, 3, 48, 1, [8, 16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => GridDetector.Small(0));
    }

    /// <summary>
    /// 0.29 was measured, every class above 0.26, and 0.003 untrained; longer training goes much farther (SceneImage).
    /// </summary>
    [Fact]
    public void Learns_to_find_the_objects()
    {
        SceneSplits splits = Scenes.Generate(trainCount: 1000, testCount: 300, seed: 2026);
        random.manual_seed(1);
        using GridDetector network = GridDetector.Small(splits.Train.ClassCount);
        network.eval();
        double before = Precision(network, splits).Mean;

        PlainTraining.Run(network, splits.Train.Images, epochs: 12, (input, _, indices) => DetectionLoss.Total(
            network.call(input),
            DetectionTargets.Assign(splits.Train.Objects(indices.Span), network.Grid),
            network.Grid));

        MeanAveragePrecision after = Precision(network, splits);
        Assert.InRange(before, 0, 0.02);
        Assert.InRange(after.Mean, 0.15, 1);
        Assert.All(after.PerClass, value => Assert.InRange(value, 0.05, 1));
    }

    private static MeanAveragePrecision Precision(GridDetector network, SceneSplits splits)
    {
        var decoder = new DetectionDecoder(network.Grid);
        List<IReadOnlyList<DetectedObject>> found = [];
        PlainTraining.Visit(
            splits.Test.Images,
            splits.Train.Images.Statistics,
            (input, _, _) => found.AddRange(decoder.Decode(network.call(input))));
        int[] all = [.. Enumerable.Range(0, splits.Test.Count)];
        return MeanAveragePrecision.Of(found, splits.Test.Objects(all), splits.Test.ClassCount);
    }
}
