namespace KdKernels.Cli.Tests.Ops;

public sealed class ReverseKlOpTests
{
    [Theory]
    [InlineData("temperature=4")]
    [InlineData("temperature=4", "reduction=none", "t-squared=false")]
    [InlineData("temperature=0.7", "reduction=mean")]
    [InlineData("temperature=inf", "reduction=sum")]
    public Task Every_setting_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "reverse-kl",
        new(StringComparer.Ordinal)
        {
            ["student"] = OpArray.Logits(1, 5, 7),
            ["teacher"] = OpArray.Logits(2, 5, 7),
        },
        settings);

    [Theory]
    [InlineData("reduction=none")]
    [InlineData("reduction=batch-mean")]
    [InlineData("reduction=mean")]
    public Task Pixels_with_ignored_labels_too(string reduction) => OpReproduction.CheckAsync(
        "reverse-kl",
        new(StringComparer.Ordinal)
        {
            ["student"] = OpArray.Logits(3, 2, 4, 3, 3),
            ["teacher"] = OpArray.Logits(4, 2, 4, 3, 3),
            ["class-weights"] = OpArray.Uniform(0.5, 2, 5, 4),
            ["labels"] = OpArray.Labels(4, 6, 2, 3, 3),
        },
        ["temperature=2", reduction, "dim=1", "ignore-index=2"]);
}
