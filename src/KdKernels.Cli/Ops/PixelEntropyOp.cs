using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op pixel-entropy</c>.</summary>
internal sealed class PixelEntropyOp : OpDefinition
{
    public override string Name => "pixel-entropy";

    public override string Summary =>
        "H = log sigma + ½ log 2πe per unit, and knowledge points, H̄ − H > b (Cheng et al., CVPR 2020)";

    public override string Contract =>
        "numerator: the sum over units; divisor: 1 (none, sum), units of all images (mean), images (batch-mean); "
        + "H̄ is the mean over the background of all images; detached: H̄, points, map";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("sigma", "[N, ...]", "deviations of the noise"),
        new("foreground", "[N, ...]", "1 on the object; broadcasts to sigma; without it all is background")
        {
            Kind = OpInputKind.Mask,
            Optional = true,
        },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
        [OpSetting.ReductionOf("mean"), OpSetting.Number("threshold", "0.2", "b, of which H̄ − H is more")];

    public override IReadOnlyList<OpOutput> Outputs { get; } =
    [
        new("entropy", "scalar; [N, ...] for none"),
        new("background-mean", "scalar"),
        new("foreground-points", "[N]"),
        new("background-points", "[N]"),
        new("map", "[N, ...]"),
    ];

    public override IReadOnlyList<Tensor> Fused(OpCall call)
    {
        Tensor sigma = call.Tensor("sigma");
        return List(KdFunctional.PixelEntropyPoints(
            sigma, Foreground(call, sigma), call.Reduction, call.Number("threshold"), withMap: true));
    }

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        Tensor sigma = call.Tensor("sigma");
        return List(PixelEntropyComposed.Points(
            sigma, Foreground(call, sigma), new PixelEntropyOptions(call.Reduction, call.Number("threshold"))));
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        long[] shape = call.Shape("sigma");
        int images = checked((int)shape[0]);
        PixelEntropyOracleResult result = PixelEntropyOracle.Compute(
            call.Values("sigma"), images, call.OracleReduction, call.Number("threshold"), Flags(call, shape), upstream);
        bool isMap = call.OracleReduction == OracleReduction.None;
        return new OracleRun(
            [
                isMap ? new OracleValue(result.Map, shape) : OracleValue.Scalar(result.Entropy),
                OracleValue.Scalar(result.BackgroundMean),
                Counts(result.ForegroundPoints),
                Counts(result.BackgroundPoints),
                new OracleValue(result.Map, shape),
            ],
            new Dictionary<string, double[]>(StringComparer.Ordinal) { ["sigma"] = result.Gradient });
    }

    private static Tensor Foreground(OpCall call, Tensor sigma) =>
        call.Optional("foreground") ?? zeros(sigma.shape, ScalarType.Bool, sigma.device);

    private static IReadOnlyList<Tensor> List(PixelEntropyResult result) =>
        [result.Entropy, result.BackgroundMean, result.ForegroundPoints, result.BackgroundPoints, result.Map!];

    private static OracleValue Counts(long[] counts) => new([.. counts.Select(count => (double)count)], counts.Length);

    /// <summary>The mask broadcast to sigma's shape, as torch does it.</summary>
    private static bool[]? Flags(OpCall call, long[] shape)
    {
        if (call.OptionalMask("foreground") is not { } mask) return null;
        long[] own = call.Shape("foreground");
        var flags = new bool[shape.Aggregate(1L, (product, size) => product * size)];
        for (long i = 0; i < flags.Length; i++)
        {
            long rest = i, source = 0, stride = 1;
            for (int fromEnd = 1; fromEnd <= own.Length; fromEnd++)
            {
                long index = rest % shape[^fromEnd];
                rest /= shape[^fromEnd];
                if (own[^fromEnd] != 1) source += index * stride;
                stride *= own[^fromEnd];
            }

            flags[i] = mask[source];
        }

        return flags;
    }
}
