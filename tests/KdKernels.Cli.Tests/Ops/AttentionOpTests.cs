namespace KdKernels.Cli.Tests.Ops;

public sealed class AttentionOpTests
{
    [Theory]
    [InlineData()]
    [InlineData("form=paper")]
    [InlineData("form=paper", "reduction=none", "beta=1000", "power=4")]
    [InlineData("form=paper", "reduction=sum", "power=1")]
    [InlineData("reduction=none", "channel-reduction=mean")]
    [InlineData("reduction=sum", "power=4")]
    [InlineData("reduction=batch-mean", "power=1", "beta=0.5")]
    [InlineData("reduction=mean", "power=2", "channel-reduction=sum")]
    public Task Every_setting_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "attention-squared",
        new(StringComparer.Ordinal)
        {
            ["student"] = OpArray.Logits(1, 3, 4, 3, 5),
            ["teacher"] = OpArray.Logits(2, 3, 6, 3, 5),
        },
        settings);

    [Theory]
    [InlineData(6, 5, 3, 4)]
    [InlineData(3, 4, 6, 5)]
    [InlineData(4, 6, 4, 3)]
    public Task Maps_of_different_sizes_too(int height, int width, int teacherHeight, int teacherWidth) =>
        OpReproduction.CheckAsync(
            "attention-squared",
            new(StringComparer.Ordinal)
            {
                ["student"] = OpArray.Logits(1, 2, 3, height, width),
                ["teacher"] = OpArray.Logits(2, 2, 4, teacherHeight, teacherWidth),
            },
            []);

    [Theory]
    [InlineData()]
    [InlineData("normalise=false", "power=1")]
    [InlineData("normalise=false", "power=4", "channel-reduction=mean")]
    [InlineData("normalise=true", "power=2", "channel-reduction=mean")]
    public Task Maps_and_their_peaks_too(params string[] settings) => OpReproduction.CheckAsync(
        "attention-map",
        new(StringComparer.Ordinal) { ["features"] = OpArray.Logits(3, 4, 3, 5, 2) },
        settings);
}
