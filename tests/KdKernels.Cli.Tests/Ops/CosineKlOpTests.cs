namespace KdKernels.Cli.Tests.Ops;

public sealed class CosineKlOpTests
{
    [Theory]
    [InlineData(false, "temperature=0.5")]
    [InlineData(true, "temperature=0.5")]
    [InlineData(true, "temperature=0.3", "reduction=none", "t-squared=false")]
    [InlineData(true, "temperature=2", "reduction=mean")]
    [InlineData(false, "temperature=inf", "reduction=sum")]
    public Task Every_setting_gives_what_the_oracle_says(bool keep, params string[] settings)
    {
        var inputs = new Dictionary<string, OpArray>(StringComparer.Ordinal)
        {
            ["student-augmented"] = OpArray.Logits(1, 9, 5),
            ["student-normal"] = OpArray.Logits(2, 3, 5),
            ["teacher-augmented"] = OpArray.Logits(3, 9, 4),
            ["teacher-normal"] = OpArray.Logits(4, 3, 4),
        };
        if (keep) inputs["keep"] = OpArray.Integers(1, 0, 1, 1, 0, 1, 1, 1, 0);
        return OpReproduction.CheckAsync("cosine-kl", inputs, settings);
    }
}
