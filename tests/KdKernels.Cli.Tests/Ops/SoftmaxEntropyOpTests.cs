namespace KdKernels.Cli.Tests.Ops;

public sealed class SoftmaxEntropyOpTests
{
    [Theory]
    [InlineData("temperature=4")]
    [InlineData("temperature=1", "reduction=none")]
    [InlineData("temperature=0.7", "reduction=mean")]
    [InlineData("temperature=20", "reduction=sum")]
    public Task Every_setting_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "softmax-entropy", new(StringComparer.Ordinal) { ["logits"] = OpArray.Logits(1, 5, 7) }, settings);

    [Theory]
    [InlineData("dim=1", "reduction=none")]
    [InlineData("dim=-1", "reduction=batch-mean")]
    public Task Pixels_and_sequences_too(params string[] settings) => OpReproduction.CheckAsync(
        "softmax-entropy",
        new(StringComparer.Ordinal) { ["logits"] = OpArray.Logits(2, 2, 4, 3, 3) },
        ["temperature=2", .. settings]);

    /// <summary>methods.md section 2: −(p * p.log()).sum() is NaN where a class underflows.</summary>
    [Fact]
    public Task A_class_that_underflows_counts_for_nothing() => OpReproduction.CheckAsync(
        "softmax-entropy",
        new(StringComparer.Ordinal) { ["logits"] = new([0, -800, -5, 1, 2, 3], [2, 3]) },
        ["temperature=1", "reduction=none"]);
}
