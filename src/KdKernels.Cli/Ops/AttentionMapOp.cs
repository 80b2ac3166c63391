using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op attention-map</c>.</summary>
internal sealed class AttentionMapOp : OpDefinition
{
    public override string Name => "attention-map";

    public override string Summary =>
        "Q_j = Σ_c |F_cj|^p per sample, as it is or divided by max(‖Q‖₂, 1e-12), and its largest pixel "
        + "(Zagoruyko and Komodakis 2017, section 3.1)";

    public override string Contract =>
        "numerator: Σ over channels; divisor: 1, or C (channel-reduction=mean), then the norm (normalise=true); "
        + "power of T: 0; argmax is found in the raw map before rounding, the first of several";

    public override IReadOnlyList<OpInput> Inputs { get; } = [new("features", "[B, C, H, W]", "features")];

    public override IReadOnlyList<OpSetting> Settings { get; } =
        [OpSetting.Flag("normalise", true, "to unit length per sample"), OpMaps.Power, OpMaps.Channels];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("map", "[B, H, W]"), new("argmax", "[B], y·W + x")];

    public override IReadOnlyList<Tensor> Fused(OpCall call)
    {
        Tensor features = call.Tensor("features");
        int power = OpMaps.PowerOf(call);
        return
        [
            KdFunctional.AttentionMap(features, call.Flag("normalise"), power, OpMaps.ChannelsOf(call)),
            KdFunctional.AttentionPeak(features, power),
        ];
    }

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        Tensor features = call.Tensor("features");
        int power = OpMaps.PowerOf(call);
        Tensor map = AttentionSquaredComposed.Map(features, power, OpMaps.ChannelsOf(call), call.Flag("normalise"));
        Tensor raw = AttentionSquaredComposed.Map(features, power, ChannelReduction.Sum, normalise: false);
        return [map, raw.flatten(1).argmax(1)];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        OracleMaps features = OpMaps.Oracle(call, "features");
        int power = OpMaps.PowerOf(call);
        (bool mean, bool normalise) = (OpMaps.ChannelsOf(call) == ChannelReduction.Mean, call.Flag("normalise"));
        double[] map = AttentionSquaredOracle.Map(features, power, mean, normalise);
        double[] weights = upstream ?? [.. Enumerable.Repeat(1.0, map.Length)];
        double[] peaks = [.. AttentionSquaredOracle.Peaks(features, power).Select(pixel => (double)pixel)];
        return new OracleRun(
            [new OracleValue(map, features.Batch, features.Height, features.Width), new OracleValue(peaks, features.Batch)],
            new Dictionary<string, double[]>(StringComparer.Ordinal)
            {
                ["features"] = AttentionSquaredOracle.MapGradient(features, power, mean, normalise, weights),
            });
    }
}
