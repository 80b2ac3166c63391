namespace KdKernels.Distillation.Data;

/// <summary>Which of CIFAR-100's two labels is the class.</summary>
public enum Cifar100Labels
{
    /// <summary>100 classes.</summary>
    Fine,

    /// <summary>20 superclasses.</summary>
    Coarse,
}

/// <summary>
/// The CIFAR binary formats: records of one label byte (CIFAR-10) or a coarse and a fine one (CIFAR-100), then 3072
/// bytes of a 32x32 image, red plane, green plane, blue plane. Files may hold any whole number of records.
/// </summary>
public static class CifarReader
{
    private static readonly ImageShape Shape = new(3, 32, 32);

    /// <summary>Reads <c>data_batch_*.bin</c> in the order of their numbers, and <c>test_batch.bin</c>.</summary>
    /// <param name="folder">The folder that holds them.</param>
    /// <exception cref="KdDataException">A file is missing, truncated or corrupt.</exception>
    public static DataSplits ReadCifar10(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        IReadOnlyList<string> batches = DataFolder.NumberedFiles(folder, "data_batch_", ".bin");
        if (batches.Count == 0)
        {
            throw new KdDataException(
                folder, offset: null, "expected data_batch_1.bin and so on but found no such file");
        }

        return new DataSplits(
            ReadFiles(batches, Cifar10Format, "cifar10/train", $"CIFAR-10, {batches.Count} training batch files"),
            ReadFiles([Path.Combine(folder, "test_batch.bin")], Cifar10Format, "cifar10/test", "CIFAR-10, test batch"));
    }

    /// <summary>Reads <c>train.bin</c> and <c>test.bin</c>.</summary>
    /// <param name="folder">The folder that holds them.</param>
    /// <param name="labels">Which label is the class.</param>
    /// <exception cref="KdDataException">A file is missing, truncated or corrupt.</exception>
    public static DataSplits ReadCifar100(string folder, Cifar100Labels labels = Cifar100Labels.Fine)
    {
        ArgumentNullException.ThrowIfNull(folder);
        RecordFormat format = labels == Cifar100Labels.Fine ? Cifar100FineFormat : Cifar100CoarseFormat;
        string kind = labels == Cifar100Labels.Fine ? "fine" : "coarse";
        return new DataSplits(
            ReadFiles(
                [Path.Combine(folder, "train.bin")],
                format,
                "cifar100/train",
                $"CIFAR-100, training set, {kind} labels"),
            ReadFiles(
                [Path.Combine(folder, "test.bin")], format, "cifar100/test", $"CIFAR-100, test set, {kind} labels"));
    }

    /// <summary>Reads one file of CIFAR-10 records.</summary>
    public static ImageSet ReadCifar10File(string path) =>
        ReadFiles([path], Cifar10Format, Path.GetFileName(path), $"CIFAR-10, {Path.GetFileName(path)}");

    /// <summary>Reads one file of CIFAR-100 records.</summary>
    public static ImageSet ReadCifar100File(string path, Cifar100Labels labels = Cifar100Labels.Fine) =>
        ReadFiles(
            [path],
            labels == Cifar100Labels.Fine ? Cifar100FineFormat : Cifar100CoarseFormat,
            Path.GetFileName(path),
            $"CIFAR-100, {Path.GetFileName(path)}");

    internal static readonly RecordFormat Cifar10Format = new([CifarClasses.Cifar10], 0);
    internal static readonly RecordFormat Cifar100CoarseFormat = new(
        [CifarClasses.Cifar100Coarse, CifarClasses.Cifar100Fine], 0);
    internal static readonly RecordFormat Cifar100FineFormat = new(
        [CifarClasses.Cifar100Coarse, CifarClasses.Cifar100Fine], 1);

    internal static ImageSet Read(IReadOnlyList<DataInput> inputs, RecordFormat format, string name, string description)
    {
        int recordLength = format.Labels.Count + Shape.ByteCount;
        long count = 0;
        foreach (DataInput input in inputs)
            count += CountRecords(input, recordLength);
        byte[] pixels = new byte[Shape.ByteCountOf(count, inputs[0].Source)];
        int[] labels = new int[count];
        int index = 0;
        foreach (DataInput input in inputs)
        {
            while (input.Offset < input.MaxLength)
            {
                labels[index] = ReadLabel(input, format);
                input.ReadExactly(pixels.AsSpan(index * Shape.ByteCount, Shape.ByteCount), $"image {index}");
                index++;
            }
        }

        return new ImageSet(name, description, Shape, pixels, labels, format.Labels[format.ClassLabel]);
    }

    private static ImageSet ReadFiles(IReadOnlyList<string> paths, RecordFormat format, string name, string description)
    {
        var inputs = new List<DataInput>(paths.Count);
        try
        {
            foreach (string path in paths)
                inputs.Add(DataInput.Open(path));
            return Read(inputs, format, name, description);
        }
        finally
        {
            inputs.ForEach(input => input.Dispose());
        }
    }

    private static long CountRecords(DataInput input, int recordLength)
    {
        if (!input.IsExact)
        {
            throw new KdDataException(
                input.Source, offset: 0, "expected uncompressed CIFAR records but got a gzip file; unpack it first");
        }

        long remainder = input.MaxLength % recordLength;
        if (remainder != 0)
        {
            throw new KdDataException(
                input.Source,
                input.MaxLength - remainder,
                $"expected whole records of {recordLength} bytes but the last one has {remainder}");
        }

        return input.MaxLength / recordLength;
    }

    private static int ReadLabel(DataInput input, RecordFormat format)
    {
        Span<byte> bytes = stackalloc byte[2];
        bytes = bytes[..format.Labels.Count];
        long start = input.Offset;
        input.ReadExactly(bytes, "labels");
        for (int i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] >= format.Labels[i].Count)
            {
                throw new KdDataException(
                    input.Source, start + i, $"expected a label in [0, {format.Labels[i].Count}) but got {bytes[i]}");
            }
        }

        return bytes[format.ClassLabel];
    }

    /// <param name="Labels">Class names of each label byte, in file order.</param>
    /// <param name="ClassLabel">Which of them is the class.</param>
    internal sealed record RecordFormat(IReadOnlyList<IReadOnlyList<string>> Labels, int ClassLabel);
}
