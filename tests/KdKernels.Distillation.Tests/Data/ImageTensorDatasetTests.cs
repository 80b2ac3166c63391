using KdKernels.Distillation.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Data;

public class ImageTensorDatasetTests
{
    private static readonly ImageSet Images = Shapes.Generate(trainCount: 10, testCount: 1, seed: 3).Train;
    private static readonly AugmentationOptions Options = new() { CropPadding = 2, FlipProbability = 0.5, CutoutSize = 4 };

    [Fact]
    public void Samples_are_those_that_a_filled_batch_has()
    {
        using IDisposable scope = NewDisposeScope();
        var augmentation = new Augmentation(Options, Images.Statistics, seed: 7);
        using var dataset = new ImageTensorDataset(Images, augmentation) { Epoch = 5 };
        float[] batch = new float[Images.Shape.ByteCount];
        Assert.Equal(10, dataset.Count);
        for (int i = 0; i < 10; i++)
        {
            Dictionary<string, Tensor> sample = dataset.GetTensor(i);
            augmentation.Fill(Images, [i], epoch: 5, batch);
            Assert.Equal([3L, 32, 32], sample["image"].shape);
            Assert.Equal(batch, sample["image"].data<float>().ToArray());
            Assert.Equal(ScalarType.Int64, sample["label"].dtype);
            Assert.Equal(Images.Label(i), sample["label"].item<long>());
            Assert.Equal(i, sample["index"].item<long>());
        }
    }

    [Fact]
    public void A_loader_stacks_images_labels_and_indices()
    {
        using IDisposable scope = NewDisposeScope();
        using var dataset = new ImageTensorDataset(Images, Augmentation.NormalizeOnly(Images.Statistics));
        using var loader = utils.data.DataLoader(dataset, 4, shuffle: false);
        var indices = new List<long>();
        foreach (Dictionary<string, Tensor> batch in loader)
        {
            long count = batch["index"].shape[0];
            Assert.Equal([count, 3L, 32, 32], batch["image"].shape);
            Assert.Equal(batch["index"].data<long>().ToArray().Select(i => i % 10), batch["label"].data<long>().ToArray());
            indices.AddRange(batch["index"].data<long>().ToArray());
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), indices);
    }

    [Fact]
    public void Refuses_an_index_out_of_range_and_a_negative_epoch()
    {
        using var dataset = new ImageTensorDataset(Images, Augmentation.NormalizeOnly(Images.Statistics));
        Assert.Throws<ArgumentOutOfRangeException>(() => dataset.GetTensor(10));
        Assert.Throws<ArgumentOutOfRangeException>(() => dataset.GetTensor(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => dataset.Epoch = -1);
    }
}
