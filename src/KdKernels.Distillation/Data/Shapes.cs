namespace KdKernels.Distillation.Data;

/// <summary>
/// A generated set: one textured object of ten classes on a textured background, 32x32 RGB, with its exact mask.
/// Position, size, rotation, stretch and colours vary; small objects of other classes, bars across the object, low
/// contrast and pixel noise make it hard for a small network. Every image is a function of (seed, split, index), bit
/// for bit, on every machine.
/// </summary>
/// <remarks>
/// Image i has class i mod 10, so every prefix is balanced. A mask is 255 exactly where the object is what one sees, 0
/// elsewhere. The generator is frozen: a change of one bit of any image is a new <see cref="Version"/>.
/// </remarks>
public static class Shapes
{
    /// <summary>Part of the name of every set; results of different versions are not comparable.</summary>
    public const int Version = 1;

    /// <summary>Height and width of an image.</summary>
    public const int Size = 32;

    public static IReadOnlyList<string> ClassNames => ShapeGeometry.Names;

    /// <summary>Both splits; they come from disjoint random streams.</summary>
    /// <param name="trainCount">Training images.</param>
    /// <param name="testCount">Held-out images.</param>
    /// <param name="seed">Seed of both.</param>
    public static DataSplits Generate(int trainCount, int testCount, ulong seed) =>
        new(
            Generate("train", RandomPurpose.ShapesTrain, trainCount, seed),
            Generate("test", RandomPurpose.ShapesTest, testCount, seed));

    private static ImageSet Generate(string split, uint purpose, int count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var shape = new ImageShape(3, Size, Size);
        byte[] pixels = new byte[shape.ByteCountOf(count, "shapes")];
        byte[] masks = new byte[count * shape.PixelCount];
        int[] labels = new int[count];
        Parallel.For(0, count, i =>
        {
            labels[i] = i % ClassNames.Count;
            var image = new ShapesImage(seed, purpose, (uint)i, labels[i]);
            image.Render(
                pixels.AsSpan(i * shape.ByteCount, shape.ByteCount), masks.AsSpan(
                    i * shape.PixelCount, shape.PixelCount));
        });
        return new ImageSet(
            $"shapes-v{Version}/{split}",
            $"Shapes version {Version}, generated, {split} images, seed {seed}",
            shape,
            pixels,
            labels,
            ClassNames,
            masks);
    }
}
