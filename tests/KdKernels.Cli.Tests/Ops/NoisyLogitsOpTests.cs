namespace KdKernels.Cli.Tests.Ops;

public sealed class NoisyLogitsOpTests
{
    [Theory]
    [InlineData("sigma=0.5", "alpha=0.5")]
    [InlineData("sigma=1", "alpha=1", "reduction=none", "seed=7", "step=3", "first-sample=100")]
    [InlineData("sigma=0.1", "alpha=0.7", "reduction=mean", "half=false", "seed=-1")]
    [InlineData("sigma=2", "alpha=0", "reduction=sum")]
    [InlineData("sigma=0.5", "alpha=1", "dim=0")]
    public Task Every_setting_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "noisy-logits",
        new(StringComparer.Ordinal) { ["student"] = OpArray.Logits(1, 6, 7), ["teacher"] = OpArray.Logits(2, 6, 7) },
        settings);

    [Fact]
    public Task Samples_may_have_numbers_of_their_own() => OpReproduction.CheckAsync(
        "noisy-logits",
        new(StringComparer.Ordinal)
        {
            ["student"] = OpArray.Logits(3, 4, 5),
            ["teacher"] = OpArray.Logits(4, 4, 5),
            ["samples"] = OpArray.Integers(70, 4_000_000_000, 0, 12),
        },
        ["sigma=1", "alpha=0.8", "seed=3", "reduction=none"]);
}
