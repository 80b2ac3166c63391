using KdKernels.Distillation.Data;
using KdKernels.Distillation.Metrics;
using KdKernels.Distillation.Models.Segmentation;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models.Segmentation;

[Collection(TorchTests.Name)]
public class CamSegmenterTests
{
    private const int Classes = 10;

    private static readonly string[] Branches = ["backbone", "classBranch", "objectBranch", "maskBranch"];

    [Theory]
    [InlineData(false, 32)]
    [InlineData(true, 64)]
    public void Gives_masks_of_the_inputs_size_and_its_branches_to_hooks(bool large, int features)
    {
        random.manual_seed(1);
        using CamSegmenter network = large ? CamSegmenter.Large(Classes) : CamSegmenter.Small(Classes);
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> outputs = network.Tap(Branches);

        Tensor masks = network.call(randn([2, 3, 32, 32]));

        Assert.Equal([2L, 11L, 32L, 32L], masks.shape);
        Assert.Equal(Branches, outputs.Keys);
        long[] channels = [features, 10, 10, 11];
        Assert.Equal(channels, outputs.Values.Select(output => output.shape[1]));
        Assert.All(outputs.Values, output => Assert.Equal([16L, 16L], output.shape[2..]));
    }

    [Fact]
    public void Every_parameter_has_a_gradient_and_no_tensor_is_left_behind()
    {
        using CamSegmenter network = CamSegmenter.Small(Classes);
        long before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using (NewDisposeScope())
        {
            Dictionary<string, Tensor> outputs = network.Tap(Branches);
            Tensor labels = tensor([3L, 7L]);
            Tensor masks = network.call(randn([2, 3, 32, 32]));
            Tensor loss = masks.square().sum()
                + CamSegmenter.ClassLogits(outputs["classBranch"]).square().sum()
                + network.ObjectLogits(outputs["backbone"], outputs["classBranch"], labels).square().sum();
            loss.backward();
            foreach ((string name, Parameter parameter) in network.named_parameters())
            {
                Assert.True(parameter.grad is not null, name);
                parameter.grad = null;
            }
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    /// <summary>The branch's answer to erased features, which no hook takes for its map of the whole image.</summary>
    [Fact]
    public void The_second_teacher_does_not_see_what_the_first_finds()
    {
        random.manual_seed(1);
        using CamSegmenter network = CamSegmenter.Small(Classes);
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> outputs = network.Tap(Branches);
        Tensor labels = tensor([3L, 7L]);
        network.call(randn([2, 3, 32, 32]));
        (Tensor features, Tensor cam) = (outputs["backbone"], outputs["classBranch"]);
        Tensor kept = PseudoMasks.Saliency(cam, labels).le(0.6).unsqueeze(1).to(ScalarType.Float32);
        Tensor whole = outputs["objectBranch"];

        Tensor actual = network.ObjectLogits(features, cam, labels);
        Assert.Same(whole, outputs["objectBranch"]);
        Tensor expected = network.Child("objectBranch").call(features * kept).mean([2, 3]);

        Assert.InRange(kept.mean().item<float>(), 0.5, 0.999);
        Assert.True((expected - actual).abs().max().item<float>() < 1e-6);
        Assert.True((whole.mean([2, 3]) - actual).abs().max().item<float>() > 1e-4);
    }

    /// <summary>−log σ(1) − log(1 − σ(2)) for the first image, −log(1 − σ(0)) − log σ(−3) for the second.</summary>
    [Fact]
    public void The_image_level_loss_is_a_sigmoid_per_class()
    {
        using var scope = NewDisposeScope();
        Tensor logits = tensor([1.0, 2, 0, -3], [2, 2]);

        double expected = Softplus(-1) + Softplus(2) + Softplus(0) + Softplus(3);

        Assert.Equal(expected / 2, CamSegmenter.ImageLoss(logits, tensor([0L, 1L])).item<double>(), 1e-12);

        static double Softplus(double x) => Math.Log(1 + Math.Exp(x));
    }

    /// <summary>
    /// Four classes, so that it is quick. 0.44 was measured; all background has 0.15, the ground's IoU over five, and
    /// an untrained branch 0.33: objects are brighter than the ground, and the label is given.
    /// </summary>
    [Fact]
    public void Image_labels_alone_give_pseudo_masks_of_the_objects()
    {
        DataSplits all = Shapes.Generate(trainCount: 2000, testCount: 500, seed: 2026);
        ImageSet train = FewClasses(all.Train);
        ImageSet test = FewClasses(all.Test);
        random.manual_seed(1);
        using CamSegmenter network = CamSegmenter.Small(Classes);
        Dictionary<string, Tensor> outputs = network.Tap("classBranch");
        network.eval();
        (double before, double trivial) = Measure();

        PlainTraining.Run(network, train, epochs: 10, (input, labels, _) =>
        {
            network.call(input);
            return CamSegmenter.ImageLoss(CamSegmenter.ClassLogits(outputs["classBranch"]), labels);
        });

        (double after, _) = Measure();
        Assert.True(after > before + 0.05 && after > trivial + 0.2, $"{after} after {before}, trivial {trivial}");

        (double Branch, double Trivial) Measure()
        {
            var branch = new MeanIou(Classes + 1);
            var ground = new MeanIou(Classes + 1);
            PlainTraining.Visit(test, train.Statistics, (input, labels, indices) =>
            {
                network.call(input);
                PseudoMask mask = PseudoMasks.FromActivation(outputs["classBranch"], labels, size: (32, 32));
                int[] said = [.. mask.Logits.argmax(1).flatten().data<long>().Select(value => (int)value)];
                for (int i = 0; i < indices.Length; i++)
                {
                    int[] truth = ClassMap.Of(test, indices.Span[i]);
                    branch.Add(said.AsSpan(i * truth.Length, truth.Length), truth);
                    ground.Add(new int[truth.Length], truth);
                }
            });
            return (branch.Mean, ground.Mean);
        }
    }

    private static ImageSet FewClasses(ImageSet images) =>
        images.Select([.. Enumerable.Range(0, images.Count).Where(i => images.Label(i) < 4)]);
}
