using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

/// <summary>Counts, histograms and sums as a few lines of another language over the same files give them.</summary>
public class RealDataTests
{
    [RealDataFact("cifar10/test_batch.bin")]
    public void Cifar10_of_the_data_folder_has_its_known_counts_labels_and_means()
    {
        DataSplits splits = DataSources.Load(new DataOptions { Source = "cifar10" });
        Assert.Equal([379, 394, 360, 365, 389, 350, 370, 380, 384, 357], splits.Train.LabelHistogram());
        Assert.Equal([83, 70, 88, 84, 76, 79, 97, 87, 88, 94], splits.Test.LabelHistogram());
        double[] mean = [0.49315838067808265, 0.48345242764907065, 0.44783432185323835];
        for (int c = 0; c < 3; c++)
            Assert.Equal(mean[c], splits.Train.Statistics.Mean[c], tolerance: 1e-12);
    }

    [RealDataFact("mnist/t10k-images-idx3-ubyte.gz")]
    public void Mnist_of_the_data_folder_is_split_8000_to_2000()
    {
        DataSplits splits = DataSources.Load(new DataOptions { Source = "mnist" });
        Assert.Equal((8000, 2000), (splits.Train.Count, splits.Test.Count));
        Assert.Equal(new ImageShape(1, 28, 28), splits.Train.Shape);
        Assert.Equal([773, 905, 834, 803, 788, 723, 756, 813, 787, 818], splits.Train.LabelHistogram());
        Assert.Equal(208058241L, Sum(splits.Train));
        Assert.Equal(264923200L, Sum(splits.Train) + Sum(splits.Test));
        Assert.Equal("mnist-t10k/train", splits.Train.Name);
    }

    [RealDataFact("cifar10/test_batch.bin")]
    public void Counts_take_the_first_images_and_refuse_more_than_there_are()
    {
        DataSplits some = DataSources.Load(new DataOptions { Source = "cifar10", TrainCount = 100, TestCount = 50 });
        DataSplits all = DataSources.Load(new DataOptions { Source = "cifar10" });
        Assert.Equal((100, 50), (some.Train.Count, some.Test.Count));
        Assert.Equal(all.Train.Image(99).ToArray(), some.Train.Image(99).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => DataSources.Load(
            new DataOptions { Source = "cifar10", TrainCount = 3729 }));
    }

    private static long Sum(ImageSet set)
    {
        long sum = 0;
        foreach (byte pixel in set.Pixels)
            sum += pixel;
        return sum;
    }
}
