namespace KdKernels.Cli.Tests.Ops;

public sealed class FspOpTests
{
    [Theory]
    [InlineData()]
    [InlineData("pooling=average")]
    public Task Matrices_are_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "fsp-gram",
        new(StringComparer.Ordinal)
        {
            ["features1"] = OpArray.Logits(1, 3, 4, 5, 6),
            ["features2"] = OpArray.Logits(2, 3, 7, 3, 4),
        },
        settings);

    [Theory]
    [InlineData()]
    [InlineData("form=mean", "pooling=average", "reduction=none")]
    [InlineData("form=mean", "reduction=sum")]
    [InlineData("form=column-norms")]
    [InlineData("form=column-norms", "pooling=average", "reduction=none")]
    [InlineData("form=paper", "pooling=max", "reduction=batch-mean")]
    public Task Every_setting_of_the_loss_gives_what_the_oracle_says(params string[] settings) => OpReproduction.CheckAsync(
        "fsp-loss",
        new(StringComparer.Ordinal)
        {
            ["student1"] = OpArray.Logits(1, 2, 3, 4, 5),
            ["student2"] = OpArray.Logits(2, 2, 5, 2, 3),
            ["teacher1"] = OpArray.Logits(3, 2, 3, 3, 3),
            ["teacher2"] = OpArray.Logits(4, 2, 5, 3, 3),
        },
        settings);
}
