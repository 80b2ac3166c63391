using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class CloudSetTests
{
    private static readonly string[] Classes = ["ball", "box"];

    [Fact]
    public void Gives_back_what_it_was_made_of()
    {
        CloudSet set = Sample();
        Assert.Equal((2, 2, 2), (set.Count, set.PointCount, set.ClassCount));
        Assert.Equal([6, 7, 8, 9, 10, 11.5f], set.Cloud(1).ToArray());
        Assert.Equal([0, 1], set.Mask(1).ToArray());
        Assert.Equal([1, 1, 0, 1], set.Masks.ToArray());
        Assert.Equal(0, set.Label(1));
        float[] points = new float[12];
        set.CopyPoints([1, 0], points);
        Assert.Equal([6, 7, 8, 9, 10, 11.5f, 0, 1, 2, 3, 4, 5], points);
        long[] labels = new long[3];
        set.CopyLabels([1, 0, 1], labels);
        Assert.Equal([0, 1, 0], labels);
        Assert.Throws<ArgumentException>(() => set.CopyPoints([0], new float[5]));
        Assert.Throws<ArgumentException>(() => set.CopyLabels([0], new long[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Cloud(2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Label(-1));
        Assert.Throws<InvalidOperationException>(() => Sample(hasMasks: false).Mask(0).Length);
        Assert.True(Sample(hasMasks: false).Masks.IsEmpty);
    }

    /// <summary>Computed by Python's hashlib from the documented fields.</summary>
    [Fact]
    public void The_fingerprint_is_of_the_content_and_of_nothing_else()
    {
        string fingerprint = Sample().Fingerprint;
        Assert.Equal("896e0bde2a7ec783b2c9d43fbca439f719a52da679277b57bf2c227667a6ff90", fingerprint);
        Assert.Equal(fingerprint, Sample(name: "other").Fingerprint);
        CloudSet[] others =
        [
            Sample(classes: ["ball", "cone"]), Sample(labels: [1, 1]), Sample(last: 11), Sample(masks: [1, 1, 1, 1]),
            Sample(hasMasks: false),
        ];
        Assert.Equal(others.Length + 1, others.Select(set => set.Fingerprint).Append(fingerprint).Distinct().Count());
    }

    [Fact]
    public void Slices_keep_points_labels_and_masks_together()
    {
        CloudSet set = Sample();
        CloudSet swapped = set.Select([1, 0]);
        Assert.Equal(set.Cloud(1).ToArray(), swapped.Cloud(0).ToArray());
        Assert.Equal([0, 1], swapped.Labels.ToArray());
        Assert.Equal([0, 1, 1, 1], swapped.Masks.ToArray());
        Assert.Equal(set.Fingerprint, swapped.Select([1, 0]).Fingerprint);
        Assert.Equal(set.Cloud(1).ToArray(), set.Range(1, 1).Cloud(0).ToArray());
        Assert.Same(set, set.Take(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Range(1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Select([2]));
    }

    [Fact]
    public void Refuses_what_contradicts_itself()
    {
        Refused("points", "expected 6 elements but got 12", () => Sample(labels: [1], masks: [1, 1]));
        Refused("points", "expected finite coordinates but got NaN at [1, 2, 1]", () => Sample(last: float.NaN));
        Refused("points", "expected finite coordinates but got -", () => Sample(last: float.NegativeInfinity));
        Refused("labels", "expected labels in [0, 2) but got 2 at index 1", () => Sample(labels: [1, 2]));
        Refused("labels", "expected labels in [0, 2) but got -1 at index 0", () => Sample(labels: [-1, 0]));
        Refused("masks", "expected 4 elements but got 3", () => Sample(masks: [1, 1, 0]));
        Refused("masks", "expected a mask of 0 and 1 but got 2 at [1, 0]", () => Sample(masks: [1, 1, 2, 1]));
        Refused(
            "test",
            "expected the classes ball, box in the test set but got ball, cone",
            () => new CloudSplits(Sample(), Sample(classes: ["ball", "cone"])));
        var wide = new CloudSet("wide", "", 4, new float[12], [1], Classes);
        Refused("test", "expected test clouds of 2 points but got 4", () => new CloudSplits(Sample(), wide));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CloudSet("", "", 0, [], [], Classes));
    }

    private static void Refused(string parameter, string sentence, Func<object> act)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(parameter, act);
        Assert.StartsWith(sentence, refused.Message, StringComparison.Ordinal);
    }

    private static CloudSet Sample(
        string name = "sample",
        string[]? classes = null,
        int[]? labels = null,
        float last = 11.5f,
        byte[]? masks = null,
        bool hasMasks = true) =>
        new(
            name,
            $"description of {name}",
            pointCount: 2,
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, last],
            labels ?? [1, 0],
            classes ?? Classes,
            hasMasks ? masks ?? [1, 1, 0, 1] : null);
}
