using System.Globalization;
using System.IO.Compression;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Data.Augmenting.Operations;

namespace KdKernels.Distillation.Tests.Data.Augmenting;

/// <summary>Every operation against what PIL 9.4.0 gave for four small images, byte for byte.</summary>
public sealed class ImageOperationsTests
{
    private static readonly IReadOnlyList<Golden> Goldens = ReadGoldens();

    public static TheoryData<ImageOperation> Operations => [.. Enum.GetValues<ImageOperation>()];

    [Theory]
    [MemberData(nameof(Operations))]
    public void Gives_the_bytes_that_pil_gives(ImageOperation operation)
    {
        Golden[] cases = [.. Goldens.Where(golden => golden.Operation == operation)];
        Assert.True(cases.Length >= 3, $"{operation} has {cases.Length} goldens");
        Assert.Contains(cases, golden => golden.Shape.Channels == 1);
        Assert.Contains(cases, golden => golden.Shape.Channels == 3);
        foreach (Golden golden in cases)
        {
            byte[] actual = new byte[golden.Shape.ByteCount];
            ImageOperations.Apply(operation, golden.Value, golden.Shape, golden.Source, actual);
            int different = Enumerable.Range(0, actual.Length).Count(i => actual[i] != golden.Expected[i]);
            Assert.True(different == 0, $"{operation} {golden.Value} on {golden.Shape}: {different} bytes differ");
        }
    }

    [Fact]
    public void Goldens_are_not_the_images_themselves()
    {
        foreach (ImageOperation operation in Enum.GetValues<ImageOperation>())
        {
            Assert.Contains(
                Goldens, golden => golden.Operation == operation && !golden.Source.SequenceEqual(golden.Expected));
        }
    }

    [Fact]
    public void Refuses_two_channels_other_sizes_and_impossible_values()
    {
        byte[] pixels = new byte[32];
        ArgumentException channels = Assert.Throws<ArgumentException>(
            () => ImageOperations.Apply(ImageOperation.Invert, 0, new ImageShape(2, 4, 4), pixels, new byte[32]));
        Assert.Contains("1 channel (grey) or 3 (red, green, blue) but got 2", channels.Message, StringComparison.Ordinal);
        ArgumentException size = Assert.Throws<ArgumentException>(
            () => ImageOperations.Apply(ImageOperation.Invert, 0, new ImageShape(1, 4, 4), pixels, new byte[16]));
        Assert.Contains("expected 16 bytes, as [1, 4, 4] has, but got 32 and 16", size.Message, StringComparison.Ordinal);
        foreach (double bits in (double[])[0, 9, 4.5])
        {
            Assert.Throws<ArgumentOutOfRangeException>(
                () => ImageOperations.Apply(ImageOperation.Posterize, bits, new ImageShape(1, 4, 8), pixels, new byte[32]));
        }

        Assert.Throws<ArgumentOutOfRangeException>(
            () => ImageOperations.Apply(ImageOperation.Rotate, double.NaN, new ImageShape(1, 4, 8), pixels, new byte[32]));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => ImageOperations.Apply((ImageOperation)99, 0, new ImageShape(1, 4, 8), pixels, new byte[32]));
    }

    private static List<Golden> ReadGoldens()
    {
        using var gzip = new GZipStream(
            new MemoryStream(Fixture.Read("pil-operations.txt.gz")), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        List<Golden> goldens = [];
        ImageShape? shape = null;
        byte[] source = [];
        while (reader.ReadLine() is { } line)
        {
            string[] words = line.Split(' ');
            if (words[0] == "image")
            {
                int[] extents = [.. words[1..4].Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
                shape = new ImageShape(extents[0], extents[1], extents[2]);
                source = Convert.FromBase64String(words[4]);
                continue;
            }

            goldens.Add(new Golden(
                Enum.Parse<ImageOperation>(words[0]),
                double.Parse(words[1], CultureInfo.InvariantCulture),
                shape!,
                source,
                Convert.FromBase64String(words[2])));
        }

        return goldens;
    }

    private sealed record Golden(
        ImageOperation Operation, double Value, ImageShape Shape, byte[] Source, byte[] Expected);
}
