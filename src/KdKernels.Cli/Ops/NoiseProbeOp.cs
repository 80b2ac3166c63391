using KdKernels.Core;
using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op noise-probe</c>.</summary>
internal sealed class NoiseProbeOp : OpDefinition
{
    public override string Name => "noise-probe";

    public override string Summary =>
        "noisy copies input + sigma[cell] ⊙ ε with normals that seed, step, sample and element name "
        + "(Cheng et al., CVPR 2020)";

    public override string Contract =>
        "nothing is reduced; the gradient of sigma is the sum over copies, channels and a cell's pixels; "
        + "nothing is detached";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("input", "[B, C, H, W]", "images; [1, C, H, W] for all of sigma"),
        new("sigma", "[B, R, Q]", "deviations per cell; [1, R, Q] for all images"),
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.Integer("seed", null, "key of the noise, at least 0"),
        OpSetting.Integer("step", "0", "another step has other noise"),
        OpSetting.Integer("first-sample", "0", "number of the first copy"),
        OpSetting.Integer("samples", "1", "copies of each image"),
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("copies", "[B · samples, C, H, W]")];

    public override IReadOnlyList<Tensor> Fused(OpCall call)
    {
        NoiseProbeOptions options = Options(call);
        return
        [
            KdFunctional.NoiseProbe(
                call.Tensor("input"),
                call.Tensor("sigma"),
                options.Seed,
                options.Step,
                options.FirstSample,
                options.Samples),
        ];
    }

    public override IReadOnlyList<Tensor> Composed(OpCall call) =>
        [NoiseProbeComposed.Copies(call.Tensor("input"), call.Tensor("sigma"), Options(call))];

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        NoiseProbeOptions options = Options(call);
        int[] input = [.. call.Shape("input").Select(size => checked((int)size))];
        int[] sigma = [.. call.Shape("sigma").Select(size => checked((int)size))];
        var shape = new NoiseProbeShape(
            input[0], input[1], input[2], input[3], sigma[0], sigma[1], sigma[2], options.Samples, options.FirstSample);
        NoiseProbeOracleResult result =
            NoiseProbeOracle.Compute(call.Values("input"), call.Values("sigma"), shape, Noise, upstream);
        long copies = Math.Max(shape.Inputs, shape.Sigmas) * (long)shape.Samples;
        return new OracleRun(
            [new OracleValue(result.Output, copies, input[1], input[2], input[3])],
            new Dictionary<string, double[]>(StringComparer.Ordinal)
            {
                ["input"] = result.InputGradient,
                ["sigma"] = result.SigmaGradient,
            });

        double Noise(long sample, long element) => PhiloxNormals.At(
            options.Seed, PhiloxPurpose.NoiseProbe, options.Step, checked((uint)sample), element);
    }

    private static NoiseProbeOptions Options(OpCall call) => new(
        (ulong)Checked(call, "seed", long.MaxValue),
        (uint)Checked(call, "step", uint.MaxValue),
        (uint)Checked(call, "first-sample", uint.MaxValue),
        (int)Checked(call, "samples", int.MaxValue));

    private static long Checked(OpCall call, string setting, long largest)
    {
        long value = call.Integer(setting);
        if (value >= 0 && value <= largest) return value;
        throw new OpException($"expected {setting} in [0, {largest}] but got {value}");
    }
}
