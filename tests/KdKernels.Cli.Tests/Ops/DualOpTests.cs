namespace KdKernels.Cli.Tests.Ops;

public sealed class DualOpTests
{
    [Theory]
    [InlineData("tangents=0")]
    [InlineData("tangents=1")]
    [InlineData("tangents=2")]
    public Task Relu_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "dual-relu", new(StringComparer.Ordinal) { ["stack"] = OpArray.Logits(1, 6, 3, 5) }, settings);

    [Theory]
    [InlineData("tangents=2", "kernel=2")]
    [InlineData("tangents=0", "kernel=3", "stride=1")]
    [InlineData("tangents=1", "kernel=3", "stride=2", "padding=1", "ceil-mode=true")]
    [InlineData("tangents=2", "kernel=2", "stride=2", "dilation=2")]
    public Task Max_pool_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "dual-max-pool", new(StringComparer.Ordinal) { ["stack"] = OpArray.Logits(2, 6, 2, 7, 8) }, settings);

    [Theory]
    [InlineData("tangents=2")]
    [InlineData("tangents=1", "eps=0.1")]
    public async Task Batch_norm_gives_what_the_oracle_says(params string[] settings)
    {
        Dictionary<string, OpArray> inputs = new(StringComparer.Ordinal)
        {
            ["stack"] = OpArray.Logits(3, 6, 4, 3, 2),
            ["running-mean"] = OpArray.Uniform(-1, 1, 4, 4),
            ["running-variance"] = OpArray.Uniform(0.1, 2, 5, 4),
        };
        await OpReproduction.CheckAsync("dual-batch-norm", inputs, settings);
        inputs["weight"] = OpArray.Uniform(-2, 2, 6, 4);
        inputs["bias"] = OpArray.Uniform(-1, 1, 7, 4);
        await OpReproduction.CheckAsync("dual-batch-norm", inputs, settings);
        inputs["stack"] = OpArray.Logits(8, 6, 4);
        await OpReproduction.CheckAsync("dual-batch-norm", inputs, settings);
    }
}
