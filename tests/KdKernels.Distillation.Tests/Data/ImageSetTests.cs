using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class ImageSetTests
{
    private static readonly string[] Names = ["a", "b", "c"];

    [Fact]
    public void Slices_keep_images_labels_and_masks_together()
    {
        ImageSet set = Numbered(20);
        ImageSet[] parts = [set.Take(7), set.Range(5, 9), set.Select([19, 0, 0, 3]), set.Split(6, seed: 1).First];
        Assert.All(parts, AssertConsistent);
        Assert.Equal([5, 6], Ids(set.Range(5, 2)));
        Assert.Equal([19, 0, 0, 3], Ids(set.Select([19, 0, 0, 3])));
        Assert.Same(set, set.Take(20));
        Assert.Equal(0, set.Take(0).Count);
    }

    [Fact]
    public void A_split_is_a_partition_that_depends_on_the_seed_only()
    {
        ImageSet set = Numbered(50);
        (ImageSet first, ImageSet second) = set.Split(20, seed: 3);
        Assert.Equal((20, 30), (first.Count, second.Count));
        Assert.Equal(Enumerable.Range(0, 50), Ids(first).Concat(Ids(second)).Order());
        Assert.Equal(Ids(first), Ids(set.Split(20, seed: 3).First));
        Assert.NotEqual(Ids(first), Ids(set.Split(20, seed: 4).First));
        Assert.NotEqual(Enumerable.Range(0, 20), Ids(first));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(30)]
    [InlineData(60)]
    public void A_stratified_split_keeps_the_proportions_and_the_exact_total(int count)
    {
        // 36, 18 and 6 images of the three classes.
        int[] labels = [.. Enumerable.Range(0, 60).Select(i => i % 10 == 9 ? 2 : i % 10 >= 6 ? 1 : 0)];
        var set = new ImageSet(
            "s", "", new ImageShape(1, 1, 1), [.. Enumerable.Range(0, 60).Select(i => (byte)i)], labels, Names);
        (ImageSet first, ImageSet second) = set.StratifiedSplit(count, seed: 8);
        Assert.Equal((count, 60 - count), (first.Count, second.Count));
        Assert.Equal(Enumerable.Range(0, 60), Ids(first).Concat(Ids(second)).Order());
        int[] histogram = first.LabelHistogram();
        for (int k = 0; k < 3; k++)
            Assert.InRange(histogram[k] - set.LabelHistogram()[k] * count / 60.0, -1, 1);
    }

    [Fact]
    public void Fingerprint_sees_every_byte_but_not_the_name()
    {
        ImageSet set = Numbered(4);
        Assert.Equal("3f0edafa67e966bc5f5a86aa5b84def808430304b0c6269cd458abce583e6254", set.Fingerprint);
        Assert.Equal(set.Fingerprint, set.Rename("other", "text").Fingerprint);
        Assert.Equal(set.Fingerprint, Numbered(4).Fingerprint);
        string[] others =
        [
            set.Take(3).Fingerprint,
            set.Select([1, 0, 2, 3]).Fingerprint,
            new ImageSet("s", "", set.Shape, set.Pixels.ToArray(), set.Labels.ToArray(), Names).Fingerprint,
            new ImageSet("s", "", new(2, 3, 2), set.Pixels.ToArray(), set.Labels.ToArray(), Names).Fingerprint,
            new ImageSet("s", "", set.Shape, set.Pixels.ToArray(), set.Labels.ToArray(), ["a", "b", "d"]).Fingerprint,
            new ImageSet("s", "", set.Shape, set.Pixels.ToArray(), [0, 1, 2, 1], Names).Fingerprint,
        ];
        Assert.Equal(others.Length + 1, others.Append(set.Fingerprint).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Statistics_are_mean_and_standard_deviation_per_channel_on_the_unit_scale()
    {
        var set = new ImageSet("s", "", new ImageShape(2, 1, 2), [0, 255, 7, 7, 255, 0, 7, 7], [0, 1], Names);
        Assert.Equal([0.5, 7 / 255.0], set.Statistics.Mean);
        Assert.Equal([0.5, 1.0], set.Statistics.StandardDeviation);
    }

    [Fact]
    public void Labels_of_a_batch_are_copied_as_int64()
    {
        long[] labels = new long[3];
        Numbered(9).CopyLabels([4, 0, 8], labels);
        Assert.Equal([1L, 0L, 2L], labels);
        Assert.Throws<ArgumentException>(() => Numbered(9).CopyLabels([1], new long[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Numbered(9).CopyLabels([9], new long[1]));
    }

    [Fact]
    public void Refuses_sizes_labels_and_indices_that_do_not_fit()
    {
        var shape = new ImageShape(1, 2, 2);
        Assert.Contains("expected 8 bytes but got 7", Assert.Throws<ArgumentException>(() => new ImageSet(
            "s", "", shape, new byte[7], [0, 1], Names)).Message);
        Assert.Contains("masks", Assert.Throws<ArgumentException>(() => new ImageSet(
            "s", "", shape, new byte[8], [0, 1], Names, new byte[7])).Message);
        Assert.Contains("but got 3 at index 1", Assert.Throws<ArgumentException>(() => new ImageSet(
            "s", "", shape, new byte[8], [0, 3], Names)).Message);
        Assert.Throws<ArgumentException>(() => new ImageSet("s", "", shape, new byte[8], [0, -1], Names));
        ImageSet set = Numbered(3);
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Image(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Mask(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Range(2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Split(4, seed: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageShape(0, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ImageShape(3, 1 << 16, 1 << 16));
    }

    [Fact]
    public void Refuses_more_than_one_array_can_hold_by_name()
    {
        KdDataException e = Assert.Throws<KdDataException>(() => new ImageShape(3, 1024, 1024).ByteCountOf(700, "big"));
        Assert.StartsWith(
            "big: expected a set of at most 2147483591 bytes (2 GiB) in memory but got 700 images",
            e.Message,
            StringComparison.Ordinal);
        Assert.Throws<KdDataException>(() => new ImageShape(1, 1, 1).ByteCountOf(long.MaxValue, "big"));
    }

    [Fact]
    public void Splits_of_different_shapes_or_classes_are_refused()
    {
        ImageSet set = Numbered(3);
        var other = new ImageSet("o", "", new ImageShape(1, 1, 1), [1], [0], Names);
        var renamed = new ImageSet("o", "", set.Shape, set.Pixels.ToArray(), set.Labels.ToArray(), ["x", "y", "z"]);
        Assert.Throws<ArgumentException>(() => new DataSplits(set, other));
        Assert.Throws<ArgumentException>(() => new DataSplits(set, renamed));
    }

    /// <summary>Image i is filled with i, its mask too, its label is i mod 3.</summary>
    private static ImageSet Numbered(int count) => new(
        "numbered",
        "",
        new ImageShape(3, 2, 2),
        [.. Enumerable.Range(0, count).SelectMany(i => Enumerable.Repeat((byte)i, 12))],
        [.. Enumerable.Range(0, count).Select(i => i % 3)],
        Names,
        [.. Enumerable.Range(0, count).SelectMany(i => Enumerable.Repeat((byte)i, 4))]);

    private static IEnumerable<int> Ids(ImageSet set) =>
        Enumerable.Range(0, set.Count).Select(i => (int)set.Image(i)[0]);

    private static void AssertConsistent(ImageSet set)
    {
        for (int i = 0; i < set.Count; i++)
        {
            byte id = set.Image(i)[0];
            Assert.Equal(Enumerable.Repeat(id, 12), set.Image(i).ToArray());
            Assert.Equal(Enumerable.Repeat(id, 4), set.Mask(i).ToArray());
            Assert.Equal(id % 3, set.Label(i));
        }
    }
}
