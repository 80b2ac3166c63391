using System.Buffers.Binary;

namespace KdKernels.Distillation.Data;

/// <summary>
/// MNIST's IDX format, plain or gzip: a big-endian magic number (0x00000803 for images, 0x00000801 for labels), one
/// 32-bit extent per dimension, then bytes.
/// </summary>
public static class IdxReader
{
    private const uint ImagesMagic = 0x00000803;
    private const uint LabelsMagic = 0x00000801;

    /// <summary>An extent beyond this is a corrupt header, not an image.</summary>
    private const int MaxExtent = 1 << 14;

    private static readonly string[] Digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    /// <summary>Reads a file of images and its file of labels.</summary>
    /// <param name="imagesPath">Images, <c>[N, H, W]</c>.</param>
    /// <param name="labelsPath">Labels, <c>[N]</c>.</param>
    /// <param name="name">Name of the set.</param>
    /// <param name="description">Description of the set.</param>
    /// <param name="classNames">One name per class; null for the ten digits.</param>
    /// <exception cref="KdDataException">A file is missing, truncated or corrupt, or the counts differ.</exception>
    public static ImageSet Read(
        string imagesPath, string labelsPath, string name, string description, IReadOnlyList<string>? classNames = null)
    {
        using DataInput images = DataInput.Open(imagesPath);
        using DataInput labels = DataInput.Open(labelsPath);
        return Read(images, labels, name, description, classNames ?? Digits);
    }

    internal static ImageSet Read(
        DataInput images, DataInput labels, string name, string description, IReadOnlyList<string> classNames)
    {
        RequireMagic(images, ImagesMagic, "images");
        uint count = ReadWord(images, "the number of images");
        uint height = ReadWord(images, "the image height");
        uint width = ReadWord(images, "the image width");
        if (height is 0 or > MaxExtent || width is 0 or > MaxExtent)
        {
            throw new KdDataException(
                images.Source,
                offset: 8,
                $"expected a height and width from 1 to {MaxExtent} but got {height} x {width}");
        }

        RequireMagic(labels, LabelsMagic, "labels");
        uint labelCount = ReadWord(labels, "the number of labels");
        if (labelCount != count)
        {
            throw new KdDataException(
                labels.Source,
                offset: 4,
                $"expected {count} labels, one per image of {images.Source}, but got {labelCount}");
        }

        var shape = new ImageShape(1, (int)height, (int)width);
        int length = shape.ByteCountOf(count, images.Source);
        images.RequireLeft(length, "pixels");
        labels.RequireLeft(count, "labels");
        byte[] pixels = new byte[length];
        images.ReadExactly(pixels, "pixels");
        images.RequireEnd("the last image");
        return new ImageSet(
            name, description, shape, pixels, ReadLabels(labels, (int)count, classNames.Count), classNames);
    }

    private static int[] ReadLabels(DataInput labels, int count, int classCount)
    {
        byte[] bytes = new byte[count];
        long start = labels.Offset;
        labels.ReadExactly(bytes, "labels");
        labels.RequireEnd("the last label");
        int[] values = new int[count];
        for (int i = 0; i < count; i++)
        {
            if (bytes[i] >= classCount)
            {
                throw new KdDataException(
                    labels.Source, start + i, $"expected a label in [0, {classCount}) but got {bytes[i]}");
            }

            values[i] = bytes[i];
        }

        return values;
    }

    private static void RequireMagic(DataInput input, uint magic, string kind)
    {
        uint actual = ReadWord(input, "the magic number");
        if (actual != magic)
        {
            throw new KdDataException(
                input.Source, offset: 0, $"expected the magic number 0x{magic:X8} of IDX {kind} but got 0x{actual:X8}");
        }
    }

    private static uint ReadWord(DataInput input, string what)
    {
        Span<byte> word = stackalloc byte[4];
        input.ReadExactly(word, what);
        return BinaryPrimitives.ReadUInt32BigEndian(word);
    }
}
