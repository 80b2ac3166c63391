namespace KdKernels.Cli.Tests.Ops;

public sealed class LogitRegressionOpTests
{
    [Theory]
    [InlineData("reduction=batch-mean")]
    [InlineData("reduction=none", "half=false")]
    [InlineData("reduction=sum", "half=true")]
    [InlineData("reduction=mean", "half=false")]
    [InlineData("dim=0")]
    public Task Every_setting_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "logit-regression",
        new(StringComparer.Ordinal) { ["student"] = OpArray.Logits(1, 5, 7), ["teacher"] = OpArray.Logits(2, 5, 7) },
        settings);

    [Fact]
    public Task Maps_are_regressed_pixel_by_pixel() => OpReproduction.CheckAsync(
        "logit-regression",
        new(StringComparer.Ordinal) { ["student"] = OpArray.Logits(3, 2, 5, 3, 4), ["teacher"] = OpArray.Logits(4, 2, 5, 3, 4) },
        ["reduction=none", "dim=1"]);
}
