namespace KdKernels.Distillation.Data;

/// <summary>
/// A generated set: 256 points in space on the surface of one of ten solids, some of them of one piece, some of several.
/// Proportions, size, stretch, turn about the vertical, tilt and place vary; noise, points that belong to nothing and a
/// small solid of another class make it hard for a small network. Every cloud is a function of (seed, split, index), bit
/// for bit, on every machine.
/// </summary>
/// <remarks>
/// Cloud i has class i mod 10, so every prefix is balanced. A mask is 1 exactly where the point is the object's, 0
/// elsewhere; points come in random order. Coordinates are used as they are: most lie in [-1.5, 1.5], and z points up. The
/// generator is frozen: a change of one bit of any cloud is a new <see cref="Version"/>.
/// </remarks>
public static class Clouds
{
    /// <summary>Part of the name of every set; results of different versions are not comparable.</summary>
    public const int Version = 1;

    /// <summary>P, points of a cloud.</summary>
    public const int PointCount = 256;

    public static IReadOnlyList<string> ClassNames => CloudSolid.Names;

    /// <summary>Both splits; they come from disjoint random streams.</summary>
    /// <param name="trainCount">Training clouds.</param>
    /// <param name="testCount">Held-out clouds.</param>
    /// <param name="seed">Seed of both.</param>
    public static CloudSplits Generate(int trainCount, int testCount, ulong seed) =>
        new(
            Generate("train", RandomPurpose.CloudsTrain, trainCount, seed),
            Generate("test", RandomPurpose.CloudsTest, testCount, seed));

    private static CloudSet Generate(string split, uint purpose, int count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        float[] points = new float[checked(3 * PointCount * count)];
        byte[] masks = new byte[PointCount * count];
        int[] labels = new int[count];
        Parallel.For(0, count, i =>
        {
            labels[i] = i % ClassNames.Count;
            new CloudDrawing(seed, purpose, (uint)i, labels[i]).Draw(
                points.AsSpan(3 * PointCount * i, 3 * PointCount), masks.AsSpan(PointCount * i, PointCount));
        });
        return new CloudSet(
            $"clouds-v{Version}/{split}",
            $"Clouds version {Version}, generated, {split} clouds, seed {seed}",
            PointCount,
            points,
            labels,
            ClassNames,
            masks);
    }
}
