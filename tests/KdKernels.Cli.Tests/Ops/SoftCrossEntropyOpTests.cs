namespace KdKernels.Cli.Tests.Ops;

public sealed class SoftCrossEntropyOpTests
{
    [Theory]
    [InlineData("temperature=1")]
    [InlineData("temperature=4", "reduction=none", "t-squared=false")]
    [InlineData("temperature=2", "reduction=sum", "ignore-index=3")]
    [InlineData("temperature=0.5", "reduction=mean", "ignore-index=0")]
    public Task Every_setting_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "soft-cross-entropy",
        new(StringComparer.Ordinal)
        {
            ["student"] = OpArray.Logits(1, 6, 5),
            ["teacher"] = OpArray.Logits(2, 6, 5),
            ["class-weights"] = OpArray.Uniform(0.5, 2, 4, 5),
            ["labels"] = OpArray.Labels(5, 3, 6),
        },
        settings);

    [Fact]
    public Task Pixels_without_weights_or_labels() => OpReproduction.CheckAsync(
        "soft-cross-entropy",
        new(StringComparer.Ordinal) { ["student"] = OpArray.Logits(3, 2, 5, 3, 4), ["teacher"] = OpArray.Logits(4, 2, 5, 3, 4) },
        ["temperature=3", "dim=1", "reduction=none"]);
}
