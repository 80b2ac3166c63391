using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op dual-max-pool</c>.</summary>
internal sealed class DualMaxPoolOp : OpDefinition
{
    public override string Name => "dual-max-pool";

    public override string Summary =>
        "max pooling of dual numbers: the maxima of x, and each tangent's element at the place of the maximum (torch's: the first)";

    public override string Contract => "nothing is reduced or detached; the places are constant";

    public override IReadOnlyList<OpInput> Inputs { get; } =
        [new("stack", "[(1 + K) B, C, H, W]", "the batch x, then each tangent's batch")];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        DualReluOp.Tangents,
        OpSetting.Integer("kernel", null, "rows and columns of a window"),
        OpSetting.Integer("stride", "0", "from one window to the next; 0 for the kernel's size"),
        OpSetting.Integer("padding", "0", "-inf on every side"),
        OpSetting.Integer("dilation", "1", "from one element of a window to the next"),
        OpSetting.Flag("ceil-mode", false, "count a last, partial window"),
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("stack-out", "[(1 + K) B, C, H', W']")];

    public override IReadOnlyList<Tensor> Fused(OpCall call) =>
        [KdFunctional.DualMaxPool(call.Tensor("stack"), call.Integer("tangents"), Options(call))];

    public override IReadOnlyList<Tensor> Composed(OpCall call) =>
        [DualMaxPoolComposed.Values(call.Tensor("stack"), call.Integer("tangents"), Options(call))];

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        long[] shape = call.Shape("stack");
        int Setting(string name) => (int)call.Integer(name);
        int stride = Stride(call);
        var window = new DualMaxPoolOracleWindow(Setting("tangents"), (int)shape[2], (int)shape[3])
        {
            KernelHeight = Setting("kernel"),
            KernelWidth = Setting("kernel"),
            StrideHeight = stride,
            StrideWidth = stride,
            PaddingHeight = Setting("padding"),
            PaddingWidth = Setting("padding"),
            DilationHeight = Setting("dilation"),
            DilationWidth = Setting("dilation"),
            Ceiling = call.Flag("ceil-mode"),
        };
        (double[] values, double[] gradient) = DualMaxPoolOracle.Compute(call.Values("stack"), window, upstream);
        return new OracleRun(
            [new OracleValue(values, shape[0], shape[1], window.OutputHeight, window.OutputWidth)],
            new Dictionary<string, double[]>(StringComparer.Ordinal) { ["stack"] = gradient });
    }

    private static DualMaxPoolOptions Options(OpCall call) => new(call.Integer("kernel"))
    {
        Stride = [Stride(call)],
        Padding = [call.Integer("padding")],
        Dilation = [call.Integer("dilation")],
        CeilMode = call.Flag("ceil-mode"),
    };

    private static int Stride(OpCall call) =>
        (int)(call.Integer("stride") == 0 ? call.Integer("kernel") : call.Integer("stride"));
}
