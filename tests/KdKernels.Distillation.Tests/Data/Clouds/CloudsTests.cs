using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class CloudsTests
{
    private static readonly CloudSet Sample = Clouds.Generate(300, 1, seed: 5).Train;

    /// <summary>
    /// Frozen: if this fails, the clouds changed and every stored result is about other data; raise Clouds.Version
    /// instead.
    /// </summary>
    [Fact]
    public void Version_1_is_frozen_to_the_bit()
    {
        CloudSplits splits = Clouds.Generate(trainCount: 1000, testCount: 1000, seed: 2026);
        Assert.Equal(1, Clouds.Version);
        Assert.Equal("9d10c905ee08725a85a7ef9bcce149466badf8c618007cdc0c56901c759995b5", splits.Train.Fingerprint);
        Assert.Equal("d793237fa03beb4aa0de88817341c27bd817fbb4fb5467c3e779f2706ed90f5a", splits.Test.Fingerprint);
    }

    [Fact]
    public void A_cloud_depends_on_seed_split_and_index_only()
    {
        CloudSplits few = Clouds.Generate(30, 20, seed: 5);
        CloudSplits many = Clouds.Generate(90, 70, seed: 5);
        Assert.Equal(few.Train.Fingerprint, many.Train.Take(30).Fingerprint);
        Assert.Equal(few.Test.Fingerprint, many.Test.Take(20).Fingerprint);
        Assert.NotEqual(few.Train.Fingerprint, Clouds.Generate(30, 20, seed: 6).Train.Fingerprint);
        Assert.NotEqual(few.Train.Take(20).Fingerprint, few.Test.Fingerprint);
        Assert.Throws<ArgumentOutOfRangeException>(() => Clouds.Generate(-1, 1, seed: 5));
    }

    [Fact]
    public void Every_prefix_is_balanced()
    {
        Assert.Equal(10, Clouds.ClassNames.Count);
        for (int count = 0; count <= 40; count++)
        {
            int[] histogram = new int[10];
            foreach (int label in Sample.Take(count).Labels)
                histogram[label]++;
            Assert.InRange(histogram.Max() - histogram.Min(), 0, 1);
        }
    }

    [Fact]
    public void Points_stay_near_the_origin_and_most_are_the_objects()
    {
        Assert.Equal((3 * 256, 256), (Sample.Cloud(0).Length, Sample.Mask(0).Length));
        Assert.InRange(Sample.Points.ToArray().Max(Math.Abs), 1, 2.5);
        double[] shares = [.. Enumerable.Range(0, Sample.Count).Select(i => Sample.Mask(i).ToArray().Average(value => value))];
        Assert.InRange(shares.Min(), 0.77, 0.82);
        Assert.InRange(shares.Max(), 0.9, 0.95);
    }

    /// <summary>The order tells nothing: both halves of the clouds have as much clutter.</summary>
    [Fact]
    public void Points_come_in_random_order()
    {
        int[] clutter = new int[2];
        for (int i = 0; i < Sample.Count; i++)
        {
            for (int p = 0; p < Sample.PointCount; p++)
                clutter[2 * p / Sample.PointCount] += 1 - Sample.Mask(i)[p];
        }

        Assert.InRange((double)clutter[0] / clutter.Sum(), 0.48, 0.52);
    }

    /// <summary>The points of the mask are those of the object: of every class they reach less far from their centre than
    /// the clutter does, on the average.</summary>
    [Fact]
    public void The_mask_tells_the_object_from_what_lies_around_it()
    {
        for (int kind = 0; kind < Clouds.ClassNames.Count; kind++)
        {
            double[] sum = new double[2];
            int[] count = new int[2];
            for (int i = kind; i < Sample.Count; i += Clouds.ClassNames.Count)
            {
                CloudPoint centre = Centre(i);
                for (int p = 0; p < Sample.PointCount; p++)
                {
                    int part = Sample.Mask(i)[p];
                    sum[part] += Distance(PointOf(i, p), centre);
                    count[part]++;
                }
            }

            Assert.True(sum[0] / count[0] > 1.2 * sum[1] / count[1], Clouds.ClassNames[kind]);
        }
    }

    private static CloudPoint Centre(int cloud)
    {
        CloudPoint[] own =
        [
            .. Enumerable.Range(0, Sample.PointCount).Where(p => Sample.Mask(cloud)[p] == 1).Select(p => PointOf(cloud, p)),
        ];
        return new CloudPoint(own.Average(p => p.X), own.Average(p => p.Y), own.Average(p => p.Z));
    }

    private static CloudPoint PointOf(int cloud, int point)
    {
        ReadOnlySpan<float> values = Sample.Cloud(cloud);
        int count = Sample.PointCount;
        return new CloudPoint(values[point], values[count + point], values[2 * count + point]);
    }

    private static double Distance(CloudPoint a, CloudPoint b) =>
        Math.Sqrt((a.X - b.X) * (a.X - b.X) + (a.Y - b.Y) * (a.Y - b.Y) + (a.Z - b.Z) * (a.Z - b.Z));
}
