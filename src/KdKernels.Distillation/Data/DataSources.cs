namespace KdKernels.Distillation.Data;

/// <summary>The data sets that a recipe can name.</summary>
public static class DataSources
{
    /// <summary>The environment variable that names the folder of real images.</summary>
    public const string RootVariable = "KD_DATA";

    private const int DefaultShapesTrain = 4000;
    private const int DefaultShapesTest = 2000;

    /// <summary>
    /// Documented split of MNIST where only the t10k files exist: the first 8,000 to train, the rest held out.
    /// </summary>
    private const int MnistTestFilesTrain = 8000;

    private static readonly Dictionary<string, (string Description, Func<DataOptions, DataSplits> Load)> Registry =
        new(StringComparer.Ordinal)
        {
            ["shapes"] = ("generated: 10 classes of textured objects, 32x32 RGB, exact masks", LoadShapes),
            ["cifar10"] = ("CIFAR-10, binary version (data_batch_*.bin, test_batch.bin)", LoadCifar10),
            ["cifar100"] = ("CIFAR-100, binary version (train.bin, test.bin)", LoadCifar100),
            ["mnist"] = ("MNIST, IDX files, plain or gzip", LoadMnist),
            ["image-folder"] = ("PNG and JPEG files, one folder per class, optional masks", LoadFolder),
        };

    /// <summary>Every name, in the order of the documentation.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Registry.Keys];

    /// <summary>One line about a source.</summary>
    public static string Describe(string name) => Find(name).Description;

    /// <summary>Loads training and held-out images.</summary>
    /// <exception cref="ArgumentException">The name is unknown, or a count is out of range.</exception>
    /// <exception cref="KdDataException">Files are missing, truncated or corrupt.</exception>
    public static DataSplits Load(DataOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Find(options.Source).Load(options);
    }

    private static (string Description, Func<DataOptions, DataSplits> Load) Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!Registry.TryGetValue(name, out (string, Func<DataOptions, DataSplits>) entry))
        {
            throw new ArgumentException(
                $"expected a data source among {string.Join(", ", Registry.Keys)} but got '{name}'", nameof(name));
        }

        return entry;
    }

    private static DataSplits LoadShapes(DataOptions options) =>
        Shapes.Generate(options.TrainCount ?? DefaultShapesTrain, options.TestCount ?? DefaultShapesTest, options.Seed);

    private static DataSplits LoadCifar10(DataOptions options) =>
        Limit(
            CifarReader.ReadCifar10(Locate(options, ["cifar10", "cifar-10-batches-bin"], ["test_batch.bin"])), options);

    private static DataSplits LoadCifar100(DataOptions options) =>
        Limit(
            CifarReader.ReadCifar100(
                Locate(options, ["cifar100", "cifar-100-binary"], ["train.bin"]), options.Cifar100Labels),
            options);

    private static DataSplits LoadMnist(DataOptions options)
    {
        string[] testImages = ["t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz"];
        string folder = Locate(options, ["mnist"], testImages);
        ImageSet test = ReadMnist(folder, "t10k", "mnist/test", "MNIST, test set");
        bool hasTraining = File.Exists(Path.Combine(folder, "train-images-idx3-ubyte"))
            || File.Exists(Path.Combine(folder, "train-images-idx3-ubyte.gz"));
        if (hasTraining)
        {
            return Limit(
                new DataSplits(ReadMnist(folder, "train", "mnist/train", "MNIST, training set"), test), options);
        }

        int cut = Math.Min(MnistTestFilesTrain, test.Count * 4 / 5);
        return Limit(
            new DataSplits(
                test.Take(cut)
                    .Rename("mnist-t10k/train", $"MNIST, images 0 to {cut - 1} of the test set, used to train"),
                test.Range(cut, test.Count - cut)
                    .Rename("mnist-t10k/test", $"MNIST, images {cut} to {test.Count - 1} of the test set, held out")),
            options);
    }

    private static DataSplits LoadFolder(DataOptions options)
    {
        if (string.IsNullOrEmpty(options.Root))
            throw new KdDataException("expected the path of an image folder as data.root but got none");
        var folder = new ImageFolderOptions
        {
            Size = options.ImageSize,
            TestFraction = options.TestFraction,
            Seed = options.Seed,
        };
        DataSplits splits = ImageFolder.Read(options.Root, folder);

        // Files come class by class, so a part of them must be drawn from every class.
        return new DataSplits(
            LimitStratified(splits.Train, options.TrainCount, "train", options.Seed),
            LimitStratified(splits.Test, options.TestCount, "test", options.Seed));
    }

    private static ImageSet ReadMnist(string folder, string prefix, string name, string description)
    {
        string PlainOrGzip(string file)
        {
            string plain = Path.Combine(folder, file);
            return File.Exists(plain) ? plain : plain + ".gz";
        }

        return IdxReader.Read(
            PlainOrGzip($"{prefix}-images-idx3-ubyte"), PlainOrGzip($"{prefix}-labels-idx1-ubyte"), name, description);
    }

    /// <summary>
    /// The first folder, among the root and the named ones inside it, that holds one of the marker files.
    /// </summary>
    private static string Locate(DataOptions options, string[] folders, string[] markers)
    {
        string? root = options.Root ?? Environment.GetEnvironmentVariable(RootVariable);
        if (string.IsNullOrEmpty(root))
        {
            throw new KdDataException(
                $"expected a folder with {options.Source}: give its path as data.root, "
                + $"or set {RootVariable} to the folder that holds {folders[0]}/");
        }

        string[] candidates = [root, .. folders.Select(folder => Path.Combine(root, folder))];
        foreach (string candidate in candidates)
        {
            if (markers.Any(marker => File.Exists(Path.Combine(candidate, marker))))
                return candidate;
        }

        throw new KdDataException(
            root,
            offset: null,
            $"expected {string.Join(" or ", markers)} in one of {string.Join(", ", candidates)} but found none");
    }

    private static DataSplits Limit(DataSplits splits, DataOptions options) =>
        new(Limit(splits.Train, options.TrainCount, "train"), Limit(splits.Test, options.TestCount, "test"));

    private static ImageSet Limit(ImageSet images, int? count, string split) =>
        count is { } wanted ? images.Take(RequireCount(images, wanted, split)) : images;

    private static ImageSet LimitStratified(ImageSet images, int? count, string split, ulong seed) =>
        count is { } wanted ? images.StratifiedSplit(RequireCount(images, wanted, split), seed).First : images;

    private static int RequireCount(ImageSet images, int count, string split)
    {
        if (count < 1 || count > images.Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(count),
                count,
                $"expected a {split} count from 1 to {images.Count}, the images of {images.Name}");
        }

        return count;
    }
}
