namespace KdKernels.Cli.Tests.Ops;

public sealed class NoiseProbeOpTests
{
    [Theory]
    [InlineData(1, 1, "seed=3", "samples=4")]
    [InlineData(2, 2, "seed=3", "step=7", "first-sample=12")]
    [InlineData(1, 2, "seed=9007199254740993", "samples=2")]
    [InlineData(3, 1, "seed=0", "step=4294967295", "first-sample=5", "samples=2")]
    public Task Every_setting_gives_what_the_oracle_says(int images, int grids, params string[] settings) =>
        OpReproduction.CheckAsync(
            "noise-probe",
            new(StringComparer.Ordinal)
            {
                ["input"] = OpArray.Logits(1, images, 3, 6, 7),
                ["sigma"] = OpArray.Uniform(0.01, 1, 2, grids, 2, 3),
            },
            settings);
}
