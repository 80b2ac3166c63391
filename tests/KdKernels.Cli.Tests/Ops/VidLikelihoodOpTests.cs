namespace KdKernels.Cli.Tests.Ops;

public sealed class VidLikelihoodOpTests
{
    [Theory]
    [InlineData("reduction=mean")]
    [InlineData("reduction=none", "epsilon=0.01")]
    [InlineData("reduction=sum", "with-constant=true")]
    [InlineData("reduction=batch-mean", "epsilon=1", "with-constant=true")]
    public async Task Every_setting_gives_what_the_oracle_says(params string[] settings)
    {
        foreach (long[] shape in new long[][] { [6, 5], [2, 5, 3, 4] })
        {
            await OpReproduction.CheckAsync(
                "vid-likelihood",
                new(StringComparer.Ordinal)
                {
                    ["student"] = OpArray.Logits(1, shape),
                    ["teacher"] = OpArray.Logits(2, shape),
                    ["rho"] = OpArray.Uniform(-4, 8, 3, 5),
                },
                settings);
        }
    }
}
