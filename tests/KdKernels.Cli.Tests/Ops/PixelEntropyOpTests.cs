namespace KdKernels.Cli.Tests.Ops;

public sealed class PixelEntropyOpTests
{
    [Theory]
    [InlineData("reduction=mean")]
    [InlineData("reduction=none", "threshold=0.7")]
    [InlineData("reduction=sum", "threshold=-0.1")]
    [InlineData("reduction=batch-mean", "threshold=1.5")]
    public Task Every_setting_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "pixel-entropy",
        new(StringComparer.Ordinal)
        {
            ["sigma"] = OpArray.Uniform(0.001, 1, 1, 3, 5, 6),
            ["foreground"] = OpArray.Mask(2, 3, 5, 6),
        },
        settings);

    [Fact]
    public Task A_mask_of_one_channel_serves_all() => OpReproduction.CheckAsync(
        "pixel-entropy",
        new(StringComparer.Ordinal)
        {
            ["sigma"] = OpArray.Uniform(0.001, 1, 3, 2, 3, 4, 5),
            ["foreground"] = OpArray.Mask(4, 2, 1, 4, 5),
        },
        []);

    [Fact]
    public Task Without_a_mask_all_is_background() => OpReproduction.CheckAsync(
        "pixel-entropy",
        new(StringComparer.Ordinal) { ["sigma"] = OpArray.Uniform(0.001, 1, 5, 4, 16) },
        ["reduction=none"]);
}
