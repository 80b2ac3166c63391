namespace KdKernels.Cli.Tests.Ops;

public sealed class HintonLossOpTests
{
    [Theory]
    [InlineData("temperature=4", "alpha=0.9")]
    [InlineData("temperature=4", "alpha=0.3", "reduction=none", "t-squared=false")]
    [InlineData("temperature=1", "alpha=0", "reduction=mean")]
    [InlineData("temperature=2", "alpha=1", "reduction=sum")]
    [InlineData("temperature=2", "alpha=0.5", "ignore-index=3")]
    public Task Every_setting_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "hinton-loss",
        new(StringComparer.Ordinal)
        {
            ["student"] = OpArray.Logits(1, 6, 5),
            ["teacher"] = OpArray.Logits(2, 6, 5),
            ["labels"] = OpArray.Labels(5, 3, 6),
            ["class-weights"] = OpArray.Uniform(0.5, 2, 4, 5),
        },
        settings);
}
