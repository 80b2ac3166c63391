namespace KdKernels.Cli.Tests.Ops;

public sealed class NormalizedMatchOpTests
{
    [Theory]
    [InlineData("reduction=batch-mean")]
    [InlineData("reduction=none", "eps=1e-8")]
    [InlineData("reduction=sum", "eps=100")]
    [InlineData("reduction=mean")]
    public Task Every_setting_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "normalized-match",
        new(StringComparer.Ordinal)
        {
            ["student"] = OpArray.Logits(1, 4, 3, 5, 2),
            ["teacher"] = OpArray.Logits(2, 4, 3, 5, 2),
        },
        settings);
}
