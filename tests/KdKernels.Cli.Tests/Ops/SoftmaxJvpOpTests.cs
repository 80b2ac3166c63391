namespace KdKernels.Cli.Tests.Ops;

public sealed class SoftmaxJvpOpTests
{
    [Theory]
    [InlineData("temperature=1")]
    [InlineData("temperature=4", "of=softmax")]
    [InlineData("temperature=0.7", "of=log-softmax")]
    public async Task Every_setting_gives_what_the_oracle_says(params string[] settings)
    {
        await OpReproduction.CheckAsync(
            "softmax-jvp",
            new(StringComparer.Ordinal) { ["logits"] = OpArray.Logits(1, 5, 7), ["tangents"] = OpArray.Logits(2, 5, 3, 7) },
            settings);
        await OpReproduction.CheckAsync(
            "softmax-jvp",
            new(StringComparer.Ordinal) { ["logits"] = OpArray.Logits(3, 5, 7), ["tangents"] = OpArray.Logits(4, 5, 7) },
            settings);
    }
}
