namespace KdKernels.Cli.Tests.Ops;

public sealed class CrdContrastOpTests
{
    [Theory]
    [InlineData("temperature=0.5")]
    [InlineData("temperature=0.5", "reduction=none", "normalizer=40")]
    [InlineData("temperature=0.3", "reduction=sum", "form=epsilon", "epsilon=0.01")]
    [InlineData("temperature=1", "form=epsilon", "normalizer=7")]
    public Task Every_setting_gives_what_the_oracle_says(params string[] settings) =>
        OpReproduction.CheckAsync("crd-contrast", Inputs(negatives: true), settings);

    [Theory]
    [InlineData(false, "seed=3", "step=5")]
    [InlineData(true, "reduction=none", "seed=9")]
    public Task Drawn_negatives_too(bool labels, params string[] settings)
    {
        Dictionary<string, OpArray> inputs = Inputs(negatives: false);
        if (labels) inputs["labels"] = OpArray.Labels(3, 6, 11);
        return OpReproduction.CheckAsync("crd-contrast", inputs, ["temperature=0.4", "count=21", .. settings]);
    }

    private static Dictionary<string, OpArray> Inputs(bool negatives)
    {
        var inputs = new Dictionary<string, OpArray>(StringComparer.Ordinal)
        {
            ["anchors"] = OpArray.Uniform(-0.5, 0.5, 1, 4, 6),
            ["bank"] = OpArray.Uniform(-0.5, 0.5, 2, 11, 6),
            ["positives"] = OpArray.Labels(11, 3, 4),
        };
        if (negatives) inputs["negatives"] = OpArray.Labels(11, 4, 4, 19);
        return inputs;
    }
}
