using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class DataSourcesTests
{
    [Fact]
    public void Every_name_has_a_description_and_unknown_names_are_refused_with_the_known_ones()
    {
        Assert.Equal(["shapes", "cifar10", "cifar100", "mnist", "image-folder"], DataSources.Names);
        Assert.All(DataSources.Names, name => Assert.NotEmpty(DataSources.Describe(name)));
        ArgumentException e = Assert.Throws<ArgumentException>(() => DataSources.Load(
            new DataOptions { Source = "cifar" }));
        Assert.Contains(
            "expected a data source among shapes, cifar10, cifar100, mnist, image-folder but got 'cifar'", e.Message);
    }

    [Fact]
    public void Shapes_need_no_folder()
    {
        DataSplits splits = DataSources.Load(new DataOptions { TrainCount = 20, TestCount = 10, Seed = 3 });
        Assert.Equal((20, 10), (splits.Train.Count, splits.Test.Count));
        Assert.Equal(Shapes.Generate(20, 10, seed: 3).Train.Fingerprint, splits.Train.Fingerprint);
    }

    [Theory]
    [InlineData("cifar10", "test_batch.bin", "cifar-10-batches-bin")]
    [InlineData("cifar100", "train.bin", "cifar-100-binary")]
    [InlineData("mnist", "t10k-images-idx3-ubyte.gz", "mnist")]
    public void A_missing_file_is_a_sentence_with_everything_that_was_looked_for(
        string source, string file, string folder)
    {
        using var root = new TemporaryFolder();
        KdDataException e = Assert.Throws<KdDataException>(() => DataSources.Load(
            new DataOptions { Source = source, Root = root.Path }));
        Assert.Contains(file, e.Message);
        Assert.Contains(Path.Combine(root.Path, folder), e.Message);
        Assert.Contains("but found none", e.Message);
    }

    [Fact]
    public void Mnist_uses_the_standard_split_where_the_training_files_exist()
    {
        using var root = new TemporaryFolder();
        WriteMnist(root, "t10k", 20);
        DataSplits t10k = DataSources.Load(new DataOptions { Source = "mnist", Root = root.Path });
        Assert.Equal((16, 4), (t10k.Train.Count, t10k.Test.Count));
        Assert.Equal("mnist-t10k/train", t10k.Train.Name);
        WriteMnist(root, "train", 30);
        DataSplits standard = DataSources.Load(new DataOptions { Source = "mnist", Root = root.Path });
        Assert.Equal((30, 20), (standard.Train.Count, standard.Test.Count));
        Assert.Equal("mnist/train", standard.Train.Name);
    }

    [Fact]
    public void An_image_folder_needs_a_root() => Assert.Contains(
        "data.root", Assert.Throws<KdDataException>(() => DataSources.Load(
            new DataOptions { Source = "image-folder" })).Message);

    private static void WriteMnist(TemporaryFolder root, string prefix, byte count)
    {
        root.Write(
            $"mnist/{prefix}-images-idx3-ubyte",
            [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 1, 0, 0, 0, 1, .. new byte[count]]);
        root.Write($"mnist/{prefix}-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, count, .. new byte[count]]);
    }
}
