using KdKernels.Distillation.Data;
using KdKernels.Distillation.Formats;

namespace KdKernels.Distillation.Tests.Data;

public sealed class ImageFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Classes_and_files_come_in_ordinal_order()
    {
        foreach (string path in new[] { "b/2.png", "b/10.png", "a/z.PNG", "B/x.png", "b/.hidden.png", "b/notes.txt" })
            _folder.Write($"train/{path}", Grey((byte)path[0], path == "b/2.png" ? (byte)2 : (byte)1));
        foreach (string name in new[] { "a", "b", "B" })
            _folder.Write($"val/{name}/1.png", Grey(1, 1));
        DataSplits splits = ImageFolder.Read(_folder.Path, new ImageFolderOptions());
        Assert.Equal(["B", "a", "b"], splits.Train.ClassNames);
        Assert.Equal([0, 1, 2, 2], splits.Train.Labels.ToArray());
        Assert.Equal(new ImageShape(3, 2, 2), splits.Train.Shape);
        Assert.Equal(['b', 1, 2], [splits.Train.Image(2)[0], splits.Train.Image(2)[1], splits.Train.Image(3)[1]]);
        Assert.Equal(3, splits.Test.Count);
        Assert.EndsWith("/train", splits.Train.Name, StringComparison.Ordinal);
    }

    [Fact]
    public void One_folder_is_split_by_class_and_seed()
    {
        for (int i = 0; i < 30; i++)
            _folder.Write($"{(i < 20 ? "x" : "y")}/{i:00}.png", Grey((byte)i, (byte)i));
        DataSplits splits = ImageFolder.Read(_folder.Path, new ImageFolderOptions { TestFraction = 0.3, Seed = 1 });
        Assert.Equal([14, 7], splits.Train.LabelHistogram());
        Assert.Equal([6, 3], splits.Test.LabelHistogram());
        var all = Ids(splits.Train).Concat(Ids(splits.Test));
        Assert.Equal(Enumerable.Range(0, 30), all.Order());
        Assert.Equal(
            splits.Train.Fingerprint,
            ImageFolder.Read(_folder.Path, new ImageFolderOptions { TestFraction = 0.3, Seed = 1 }).Train.Fingerprint);
        Assert.NotEqual(
            splits.Train.Fingerprint,
            ImageFolder.Read(_folder.Path, new ImageFolderOptions { TestFraction = 0.3, Seed = 2 }).Train.Fingerprint);
    }

    [JpegFact]
    public void Reads_jpeg_beside_png_whatever_the_extension_says()
    {
        _folder.Write("c/1.png", Fixture.Read("rgb.jpg"));
        _folder.Write("c/2.jpeg", PngWriter.Encode(new byte[20 * 14], 20, 14, 1));
        _folder.Write("d/1.jpg", Fixture.Read("grey.jpg"));
        ImageSet set = Both(ImageFolder.Read(_folder.Path, new ImageFolderOptions()));
        Assert.Equal(3, set.Count);
        Assert.Equal(new ImageShape(3, 14, 20), set.Shape);
    }

    [Fact]
    public void Masks_have_the_names_of_their_images_and_keep_raw_indices()
    {
        byte[] indices = Fixture.Read("palette4.png");
        foreach (string split in new[] { "train", "test" })
        {
            _folder.Write($"{split}/images/a/1.png", Fixture.Read("rgb8.png"));
            _folder.Write($"{split}/images/b/1.png", Fixture.Read("rgba8.png"));
            _folder.Write($"{split}/masks/a/1.png", indices);
            _folder.Write($"{split}/masks/b/1.png", Fixture.Read("grey8.png"));
        }

        DataSplits splits = ImageFolder.Read(_folder.Path, new ImageFolderOptions());
        Assert.True(splits.Train.HasMasks);
        Assert.Equal(PngDecoder.DecodeIndices(indices, "x").Pixels, splits.Train.Mask(0).ToArray());
        File.Delete(Path.Combine(_folder.Path, "test/masks/b/1.png"));
        KdDataException e = Assert.Throws<KdDataException>(() => ImageFolder.Read(
            _folder.Path, new ImageFolderOptions()));
        Assert.Contains("test/masks/b/1.png: expected a file but there is none", e.Message);
    }

    [Fact]
    public void Another_size_is_an_error_that_names_the_file_unless_a_size_is_given()
    {
        _folder.Write("a/1.png", Grey(9, 9));
        _folder.Write("a/2.png", PngWriter.Encode([.. Enumerable.Repeat((byte)7, 6 * 4)], 6, 4, 1));
        KdDataException e = Assert.Throws<KdDataException>(() => ImageFolder.Read(
            _folder.Path, new ImageFolderOptions()));
        Assert.Contains(
            "a/2.png: expected 2 x 2, the size of the images before it, but got 6 x 4; give an image size", e.Message);
        ImageSet set = Both(ImageFolder.Read(_folder.Path, new ImageFolderOptions { Size = 3, TestFraction = 0.5 }));
        Assert.Equal(new ImageShape(3, 3, 3), set.Shape);
        Assert.Equal([7, 9], Enumerable.Range(0, 2).Select(i => (int)set.Image(i)[4]).Order());
    }

    [Fact]
    public void Links_that_leave_the_root_are_refused_and_links_inside_are_followed()
    {
        using var outside = new TemporaryFolder();
        string secret = outside.Write("a/secret.png", Grey(1, 1));
        _folder.Write("a/1.png", Grey(1, 1));
        File.CreateSymbolicLink(Path.Combine(_folder.Path, "a/2.png"), Path.Combine(_folder.Path, "a/1.png"));
        Assert.Equal(2, Both(ImageFolder.Read(_folder.Path, new ImageFolderOptions())).Count);

        string link = Path.Combine(_folder.Path, "a/3.png");
        string upward = Path.GetRelativePath(Path.Combine(_folder.Path, "a"), secret);
        foreach (string target in new[] { secret, upward, "/etc/../" + secret, "3.png", "../a/3.png" })
        {
            File.CreateSymbolicLink(link, target);
            KdDataException e = Assert.Throws<KdDataException>(() => ImageFolder.Read(
                _folder.Path, new ImageFolderOptions()));
            Assert.Contains("a/3.png", e.Message);
            Assert.Contains("link", e.Message);
            File.Delete(link);
        }

        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "b"), Path.GetDirectoryName(secret)!);
        Assert.Contains("a link leads to", Assert.Throws<KdDataException>(() => ImageFolder.Read(
            _folder.Path, new ImageFolderOptions())).Message);
    }

    [Fact]
    public void A_root_that_is_itself_a_link_is_followed()
    {
        _folder.Write("data/a/1.png", Grey(1, 1));
        _folder.Write("data/a/2.png", Grey(2, 2));
        string link = Path.Combine(_folder.Path, "link");
        Directory.CreateSymbolicLink(link, Path.Combine(_folder.Path, "data"));
        Assert.Equal(2, Both(ImageFolder.Read(link, new ImageFolderOptions())).Count);
    }

    [Fact]
    public void Says_what_is_missing_or_wrong()
    {
        string root = _folder.Path;
        Assert.Contains("one folder per class", Refusal());
        Directory.CreateDirectory(Path.Combine(root, "a"));
        Assert.Contains("a: expected PNG or JPEG files but found none", Refusal());
        _folder.Write("a/1.png", [1, 2, 3]);
        Assert.Contains("a/1.png: at byte 0: expected a PNG or JPEG image but the file begins 010203", Refusal());
        _folder.Write("a/1.png", []);
        Assert.Contains("a/1.png: at byte 0: expected data but the file is empty", Refusal());
        Directory.CreateDirectory(Path.Combine(root, "train"));
        Assert.Contains("a folder test or val beside train", Refusal());
        _folder.Write("train/a/1.png", Grey(1, 1));
        _folder.Write("test/b/1.png", Grey(1, 1));
        Assert.Contains("expected the class folders of", Refusal());
        Assert.Contains("expected a folder but there is none", Assert.Throws<KdDataException>(
            () => ImageFolder.Read(Path.Combine(root, "absent"), new ImageFolderOptions())).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageFolderOptions { Size = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageFolderOptions { TestFraction = 1 });

        string Refusal() => Assert.Throws<KdDataException>(() => ImageFolder.Read(
            root, new ImageFolderOptions())).Message;
    }

    [Fact]
    public void Data_source_reads_a_folder_and_takes_a_part_of_every_class()
    {
        for (int i = 0; i < 40; i++)
            _folder.Write($"{(i < 20 ? "x" : "y")}/{i:00}.png", Grey((byte)i, (byte)i));
        var options = new DataOptions
        {
            Source = "image-folder",
            Root = _folder.Path,
            TrainCount = 10,
            TestCount = 4,
            TestFraction = 0.25,
        };
        DataSplits splits = DataSources.Load(options);
        Assert.Equal([5, 5], splits.Train.LabelHistogram());
        Assert.Equal([2, 2], splits.Test.LabelHistogram());
    }

    private static ImageSet Both(DataSplits splits)
    {
        byte[] pixels = [.. splits.Train.Pixels, .. splits.Test.Pixels];
        return new ImageSet(
            "both",
            "",
            splits.Train.Shape,
            pixels,
            [.. splits.Train.Labels, .. splits.Test.Labels],
            splits.Train.ClassNames);
    }

    private static IEnumerable<int> Ids(ImageSet set) =>
        Enumerable.Range(0, set.Count).Select(i => (int)set.Image(i)[0]);

    private static byte[] Grey(byte first, byte second) => PngWriter.Encode([first, second, first, second], 2, 2, 1);
}
