namespace KdKernels.Distillation.Data;

/// <summary>
/// Folders of PNG and JPEG files: the class of an image is the name of its folder, classes in ordinal order of the
/// names.
/// </summary>
/// <remarks>
/// Layouts: <c>train/CLASS/*</c> with <c>test/CLASS/*</c> or <c>val/CLASS/*</c>; or <c>CLASS/*</c> with a stratified
/// split by seed. In place of the class folders there may be <c>images/CLASS/*</c> and <c>masks/CLASS/*</c>: the mask
/// of <c>images/a/b.jpg</c> is <c>masks/a/b.png</c>, palette or greyscale, its raw values kept. Every image becomes
/// RGB. Hidden files and other extensions are skipped. Nothing outside the root is read, whatever links say.
/// </remarks>
public static class ImageFolder
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg"];
    private static readonly string[] TestNames = ["test", "val"];

    /// <summary>Reads a training and a held-out set.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="options">Size and split.</param>
    /// <exception cref="KdDataException">Folders or files are missing, corrupt, of different sizes, or lie outside the
    /// root.</exception>
    public static DataSplits Read(string root, ImageFolderOptions options)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(options);
        var boundary = new FolderBoundary(root);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)));
        string train = Path.Combine(root, "train");
        if (!Directory.Exists(train))
        {
            ImageSet all = ReadSplit(boundary, root, name, $"image folder {name}", options, shape: null);
            int held = Math.Clamp((int)Math.Round(all.Count * options.TestFraction), 0, all.Count);
            (ImageSet first, ImageSet second) = all.StratifiedSplit(all.Count - held, options.Seed);
            string how = $"{all.Count} images split by seed {options.Seed}";
            return new DataSplits(
                first.Rename($"{name}/train", $"image folder {name}, {how}"),
                second.Rename($"{name}/test", $"image folder {name}, {how}"));
        }

        string? test = TestNames.Select(folder => Path.Combine(root, folder)).FirstOrDefault(Directory.Exists);
        if (test is null)
        {
            throw new KdDataException(
                root, offset: null, "expected a folder test or val beside train but found neither");
        }

        ImageSet trainSet = ReadSplit(
            boundary, train, $"{name}/train", $"image folder {name}, train", options, shape: null);
        ImageSet testSet = ReadSplit(
            boundary, test, $"{name}/test", $"image folder {name}, {Path.GetFileName(test)}", options, trainSet.Shape);
        if (!trainSet.ClassNames.SequenceEqual(testSet.ClassNames, StringComparer.Ordinal))
        {
            throw new KdDataException(
                test,
                offset: null,
                $"expected the class folders of {train} ({string.Join(", ", trainSet.ClassNames)}) but got "
                + string.Join(", ", testSet.ClassNames));
        }

        return new DataSplits(trainSet, testSet);
    }

    private static ImageSet ReadSplit(
        FolderBoundary boundary,
        string folder,
        string name,
        string description,
        ImageFolderOptions options,
        ImageShape? shape)
    {
        string images = Path.Combine(folder, "images");
        string masks = Path.Combine(folder, "masks");
        bool hasMasks = Directory.Exists(images) && Directory.Exists(masks);
        string start = Directory.Exists(images) ? images : folder;
        IReadOnlyList<string> classes = Subfolders(boundary, start);
        if (classes.Count == 0)
            throw new KdDataException(start, offset: null, "expected one folder per class but found no folder");
        var files = new List<(string Path, int Label)>();
        for (int label = 0; label < classes.Count; label++)
        {
            int before = files.Count;
            files.AddRange(ImageFiles(boundary, Path.Combine(start, classes[label])).Select(path => (path, label)));
            if (files.Count == before)
            {
                throw new KdDataException(
                    Path.Combine(start, classes[label]), offset: null, "expected PNG or JPEG files but found none");
            }
        }

        byte[] pixels = [];
        byte[]? maskPixels = null;
        for (int i = 0; i < files.Count; i++)
        {
            DecodedImage image = ReadImage(files[i].Path, options);
            if (i == 0)
            {
                shape ??= image.Shape;
                pixels = new byte[shape.ByteCountOf(files.Count, folder)];
                maskPixels = hasMasks ? new byte[files.Count * shape.PixelCount] : null;
            }

            RequireShape(image.Shape, shape!, files[i].Path);
            image.Pixels.CopyTo(pixels, i * shape!.ByteCount);
            if (maskPixels is not null)
            {
                string path = Path.ChangeExtension(
                    Path.Combine(masks, Path.GetRelativePath(start, files[i].Path)), ".png");
                ReadMask(boundary, path, shape, options).CopyTo(maskPixels, i * shape.PixelCount);
            }
        }

        return new ImageSet(
            name, description, shape!, pixels, [.. files.Select(file => file.Label)], classes, maskPixels);
    }

    private static DecodedImage ReadImage(string path, ImageFolderOptions options)
    {
        byte[] file = DataFolder.ReadFile(path);
        byte[] start = file[..Math.Min(16, file.Length)];
        IImageDecoder decoder = options.Decoders.FirstOrDefault(candidate => candidate.Recognizes(start))
            ?? throw new KdDataException(
                path, offset: 0, $"expected a PNG or JPEG image but the file begins {Convert.ToHexString(start)}");
        DecodedImage image = decoder.Decode(file, path).ToRgb();
        return options.Size is { } size ? ImageResize.ShorterSideAndCrop(image, size) : image;
    }

    private static byte[] ReadMask(FolderBoundary boundary, string path, ImageShape shape, ImageFolderOptions options)
    {
        boundary.Require(path);
        DecodedImage mask = PngDecoder.DecodeIndices(DataFolder.ReadFile(path), path);
        if (options.Size is { } size)
            mask = ImageResize.ShorterSideAndCropNearest(mask, size);
        RequireShape(mask.Shape, new ImageShape(1, shape.Height, shape.Width), path);
        return mask.Pixels;
    }

    private static void RequireShape(ImageShape actual, ImageShape expected, string path)
    {
        if (actual != expected)
        {
            throw new KdDataException(
                path,
                offset: null,
                $"expected {expected.Width} x {expected.Height}, the size of the images before it, "
                + $"but got {actual.Width} x {actual.Height}; give an image size to resize to");
        }
    }

    private static IReadOnlyList<string> Subfolders(FolderBoundary boundary, string folder)
    {
        IReadOnlyList<string> paths = DataFolder.Entries(folder, () => Directory.EnumerateDirectories(folder));
        string[] visible = [.. paths.Where(path => !Path.GetFileName(path).StartsWith('.'))];
        foreach (string path in visible)
            boundary.Require(path);
        return [.. visible.Select(path => Path.GetFileName(path)!)];
    }

    private static IEnumerable<string> ImageFiles(FolderBoundary boundary, string folder)
    {
        foreach (string path in DataFolder.Entries(folder, () => Directory.EnumerateFiles(folder)))
        {
            bool isImage = Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);
            if (!isImage || Path.GetFileName(path).StartsWith('.'))
                continue;
            boundary.Require(path);
            yield return path;
        }
    }
}
