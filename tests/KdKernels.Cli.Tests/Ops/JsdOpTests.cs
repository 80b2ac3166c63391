namespace KdKernels.Cli.Tests.Ops;

public sealed class JsdOpTests
{
    [Theory]
    [InlineData("temperature=4")]
    [InlineData("temperature=3", "beta=0.3", "reduction=none", "t-squared=false")]
    [InlineData("temperature=0.7", "beta=0.9", "reduction=mean")]
    [InlineData("temperature=inf", "beta=0.2", "reduction=sum")]
    [InlineData("temperature=2", "beta=0")]
    [InlineData("temperature=2", "beta=1")]
    [InlineData("temperature=2", "beta=0", "kl-at-ends=true")]
    [InlineData("temperature=2", "beta=1", "kl-at-ends=true")]
    [InlineData("temperature=inf", "beta=1", "kl-at-ends=true")]
    public Task Every_setting_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "jsd",
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
        "jsd",
        new(StringComparer.Ordinal)
        {
            ["student"] = OpArray.Logits(3, 2, 4, 3, 3),
            ["teacher"] = OpArray.Logits(4, 2, 4, 3, 3),
            ["labels"] = OpArray.Labels(4, 6, 2, 3, 3),
        },
        ["temperature=2", reduction, "dim=1", "ignore-index=2", "beta=0.75"]);
}
