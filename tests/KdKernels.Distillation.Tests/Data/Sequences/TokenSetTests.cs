using KdKernels.Distillation.Data.Sequences;

namespace KdKernels.Distillation.Tests.Data.Sequences;

public class TokenSetTests
{
    private static readonly string[] Words = ["<pad>", "good", "bad"];
    private static readonly string[] Classes = ["no", "yes"];

    [Fact]
    public void Gives_back_what_it_was_made_of()
    {
        TokenSet set = Sample();
        Assert.Equal((2, 3, 1, 2), (set.Count, set.Length, set.LabelCount, set.ClassCount));
        Assert.Equal([2, 1, 0], set.Sequence(0).ToArray());
        Assert.Equal([0, 1, 0], set.Mask(0).ToArray());
        Assert.Equal([0], set.LabelsOf(1).ToArray());
        Assert.Equal("bad good", set.Text(0));
        Assert.Equal("good bad bad", set.Text(1));
        long[] tokens = new long[9];
        set.CopyTokens([1, 0, 1], tokens);
        Assert.Equal([1, 2, 2, 2, 1, 0, 1, 2, 2], tokens);
        long[] labels = new long[3];
        set.CopyLabels([1, 0, 1], labels);
        Assert.Equal([0, 1, 0], labels);
        Assert.Throws<ArgumentException>(() => set.CopyTokens([0], new long[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.CopyTokens([2], new long[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Sequence(-1).Length);
        Assert.Throws<InvalidOperationException>(() => Sample(hasMasks: false).Mask(0).Length);
    }

    /// <summary>Computed by Python's hashlib from the documented fields.</summary>
    [Fact]
    public void The_fingerprint_is_of_the_content_and_of_nothing_else()
    {
        string fingerprint = Sample().Fingerprint;
        Assert.Equal("fc94180b04ce29f4d739fe21d21da0f1458acd3466e20c9341d021fde507b8a0", fingerprint);
        Assert.Equal(fingerprint, Sample(name: "other").Fingerprint);
        TokenSet[] others =
        [
            Sample(words: ["<pad>", "good", "worse"]), Sample(classes: ["no", "maybe"]),
            Sample(tokens: [1, 1, 0, 1, 2, 2]), Sample(lengths: [3, 3], tokens: [2, 1, 1, 1, 2, 2]),
            Sample(labels: [1, 1]), Sample(masks: [1, 1, 0, 0, 0, 1]), Sample(hasMasks: false),
        ];
        Assert.Equal(others.Length + 1, others.Select(set => set.Fingerprint).Append(fingerprint).Distinct().Count());
    }

    [Fact]
    public void Slices_keep_sequences_labels_and_masks_together()
    {
        TokenSet set = Sample();
        TokenSet swapped = set.Select([1, 0]);
        Assert.Equal("good bad bad", swapped.Text(0));
        Assert.Equal([0, 1], swapped.Labels.ToArray());
        Assert.Equal([3, 2], swapped.Lengths.ToArray());
        Assert.Equal(set.Mask(0).ToArray(), swapped.Mask(1).ToArray());
        Assert.Equal(set.Fingerprint, swapped.Select([1, 0]).Fingerprint);
        Assert.Equal("bad good", set.Take(1).Text(0));
        Assert.Equal("good bad bad", set.Range(1, 1).Text(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Range(1, 2));
    }

    [Fact]
    public void Refuses_what_contradicts_itself()
    {
        Refused("vocabulary", () => Sample(words: ["good", "bad", "ugly"]));
        Refused("vocabulary", () => Sample(words: ["<pad>", "bad", "bad"]));
        Refused("tokens", () => Sample(tokens: [2, 1, 0, 1, 2, 3]));
        Refused("tokens", () => Sample(tokens: [2, 1, 1, 1, 2, 2]));
        Refused("tokens", () => Sample(tokens: [2, 0, 0, 1, 2, 2]));
        Refused("tokens", () => Sample(tokens: [2, 1, 0]));
        Refused("lengths", () => Sample(lengths: [2, 4]));
        Refused("lengths", () => Sample(lengths: [0, 3]));
        Refused("labels", () => Sample(labels: [1, 2]));
        Refused("labels", () => Sample(labels: [1]));
        Refused("masks", () => Sample(masks: [0, 1, 1, 0, 0, 1]));
        Refused("masks", () => Sample(masks: [0, 2, 0, 0, 0, 1]));
        Refused("masks", () => Sample(masks: [0, 1]));
        Assert.Throws<ArgumentException>(() => new TokenSplits(Sample(), Sample(words: ["<pad>", "good", "worse"])));
        Assert.Throws<ArgumentException>(() => new TokenSplits(Sample(), Sample(classes: ["no", "maybe"])));

        static void Refused(string parameter, Func<TokenSet> make) =>
            Assert.Equal(parameter, Assert.Throws<ArgumentException>(() => make()).ParamName);
    }

    private static TokenSet Sample(
        string name = "sample",
        string[]? words = null,
        string[]? classes = null,
        int[]? tokens = null,
        int[]? lengths = null,
        int[]? labels = null,
        byte[]? masks = null,
        bool hasMasks = true) =>
        new(
            name, "two sentences", words ?? Words, classes ?? Classes, 3, tokens ?? [2, 1, 0, 1, 2, 2],
            lengths ?? [2, 3], labels ?? [1, 0], hasMasks ? masks ?? [0, 1, 0, 0, 0, 1] : null);
}
