namespace KdKernels.Distillation.Data;

/// <summary>
/// A generated set for detection: one to three of six of the classes of <see cref="Shapes"/> on textured ground, 48x48
/// RGB, with the exact box of each. Every scene is a function of (seed, split, index), bit for bit, on every machine.
/// </summary>
/// <remarks>
/// The label of an image is the class of its first object; its mask holds k + 1 where object k is visible, and a box is
/// the bounds of that. Few objects hide a part of another. The generator is frozen: a change of one bit of any scene is
/// a new <see cref="Version"/>.
/// </remarks>
public static class Scenes
{
    /// <summary>Part of the name of every set; results of different versions are not comparable.</summary>
    public const int Version = 1;

    /// <summary>Height and width of a scene.</summary>
    public const int Size = 48;

    /// <summary>Most objects in a scene.</summary>
    public const int MaxObjects = 3;

    public static IReadOnlyList<string> ClassNames { get; } =
        [.. SceneImage.Kinds.Select(kind => ShapeGeometry.Names[kind])];

    /// <summary>Both splits; they come from disjoint random streams.</summary>
    /// <param name="trainCount">Training scenes.</param>
    /// <param name="testCount">Held-out scenes.</param>
    /// <param name="seed">Seed of both.</param>
    public static SceneSplits Generate(int trainCount, int testCount, ulong seed) =>
        new(
            Generate("train", RandomPurpose.ScenesTrain, trainCount, seed),
            Generate("test", RandomPurpose.ScenesTest, testCount, seed));

    private static SceneSet Generate(string split, uint purpose, int count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var shape = new ImageShape(3, Size, Size);
        byte[] pixels = new byte[shape.ByteCountOf(count, "scenes")];
        byte[] masks = new byte[count * shape.PixelCount];
        var objects = new IReadOnlyList<SceneObject>[count];
        Parallel.For(0, count, i =>
        {
            var image = new SceneImage(seed, purpose, (uint)i);
            objects[i] = image.Render(
                pixels.AsSpan(i * shape.ByteCount, shape.ByteCount),
                masks.AsSpan(i * shape.PixelCount, shape.PixelCount));
        });
        int[] labels = [.. objects.Select(list => list[0].ClassId)];
        var images = new ImageSet(
            $"scenes-v{Version}/{split}",
            $"Scenes version {Version}, generated, {split} images, seed {seed}",
            shape,
            pixels,
            labels,
            ClassNames,
            masks);
        return new SceneSet(images, objects);
    }
}
