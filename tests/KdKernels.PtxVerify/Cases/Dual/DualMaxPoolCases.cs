using KdKernels.Core;
using KdKernels.Kernels.Manifest;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>DualMaxPool: windows that overlap, are padded, dilated or partial; equal maxima, −inf and NaN.</summary>
internal sealed class DualMaxPoolCases : StemCases
{
    public override string Stem => nameof(DualMaxPool);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        var any = new DualMaxPoolCase(type, 2, 3, Sizes(9, 11, kernel: 3, stride: 2, padding: 1)) { Backward = kernel.Kind == "backward" };
        return
        [
            any,
            any with { Window = Sizes(8, 8, kernel: 2, stride: 2) },
            any with { Window = Sizes(1, 1, kernel: 1, stride: 1) },
            any with { Window = Sizes(7, 7, kernel: 3, stride: 1, padding: 1) },
            any with { Window = Sizes(7, 5, kernel: 2, stride: 2) with { Ceiling = true } },
            any with { Window = Sizes(10, 9, kernel: 3, stride: 2, padding: 1) with { DilationHeight = 2, DilationWidth = 3 } },
            any with { Window = Sizes(9, 8, kernel: 2, stride: 3) },
            any with { Window = Sizes(9, 12, kernel: 4, stride: 1) with { KernelHeight = 2, StrideWidth = 2, PaddingHeight = 1 } },
            any with { Window = Sizes(17, 16, kernel: 8, stride: 1) },
            any with { Tangents = 0 },
            any with { Tangents = 6, Planes = 2 },
            any with { Planes = 0 },
            any with { Planes = 40, Window = Sizes(4, 4, kernel: 2, stride: 2) },
            any with { Constant = kernel.Kind == "backward", Special = false },
        ];
    }

    /// <summary>Windows of one element: of larger ones, what is gathered depends on the values, and with a stride also its sectors.</summary>
    public override ProofCase Representative(KernelEntry kernel) => new DualMaxPoolCase(
        Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true), 9, 4, Sizes(16, 64, kernel: 1, stride: 1))
    {
        Backward = kernel.Kind == "backward",
    };

    private static DualMaxPoolOracleWindow Sizes(int height, int width, int kernel, int stride, int padding = 0) => new(0, height, width)
    {
        KernelHeight = kernel,
        KernelWidth = kernel,
        StrideHeight = stride,
        StrideWidth = stride,
        PaddingHeight = padding,
        PaddingWidth = padding,
    };
}

/// <summary>One call of DualMaxPool.</summary>
internal sealed record DualMaxPoolCase(KdElementType Type, int Tangents, int Planes, DualMaxPoolOracleWindow Window) : ProofCase
{
    public bool Backward { get; init; }

    /// <summary>Whether the upstream gradient is one number.</summary>
    public bool Constant { get; init; }

    /// <summary>Whether there are equal values, infinities and NaN.</summary>
    public bool Special { get; init; } = true;

    public override string Shape => $"[{1 + Tangents}, {Planes}, {Window.Height}, {Window.Width}]";

    public override CaseRun Open(EmulatedGpu gpu) => new DualMaxPoolCaseRun(gpu, this);
}

/// <summary>A case of DualMaxPool. Forward moves bits; backward adds a few numbers.</summary>
internal sealed class DualMaxPoolCaseRun : CaseRun
{
    private readonly DualMaxPoolCase proof;
    private readonly DualMaxPoolOracleWindow window;
    private readonly double[] stack;
    private readonly double[]? upstream;
    private readonly DeviceTensor stackTensor;
    private readonly DeviceTensor? upstreamTensor;
    private readonly DeviceTensor result;
    private readonly int image;
    private readonly int outputs;

    public DualMaxPoolCaseRun(EmulatedGpu gpu, DualMaxPoolCase proof)
        : base(gpu)
    {
        this.proof = proof;
        window = proof.Window with { Tangents = proof.Tangents };
        image = window.Height * window.Width;
        outputs = window.OutputHeight * window.OutputWidth;
        int blocks = 1 + proof.Tangents, planes = blocks * proof.Planes;
        stack = DualStack.Values(planes * image, 3, proof.Type, proof.Special);
        stackTensor = Input("stack", proof.Type, blocks, proof.Planes, image, stack);
        if (proof.Backward)
        {
            upstream = proof.Constant
                ? [.. Enumerable.Repeat(0.75, planes * outputs)]
                : DualStack.Values(planes * outputs, 5, proof.Type, special: false);
            upstreamTensor = Input(
                "upstream", proof.Type, blocks, proof.Planes, outputs, upstream, proof.Constant ? DualStack.Constant : null);
        }

        result = Output("result", proof.Type, blocks, proof.Planes, proof.Backward ? image : outputs);
    }

    /// <summary>Of the stack, backward reads the primal alone.</summary>
    public override long LeastBytes =>
        proof.Backward ? base.LeastBytes - (stackTensor.Bytes / (1 + proof.Tangents) * proof.Tangents) : base.LeastBytes;

    public override void Execute()
    {
        var settings = new DualMaxPoolSettings(
            new PoolSize(window.Height, window.Width),
            new PoolSize(window.KernelHeight, window.KernelWidth),
            new PoolSize(window.StrideHeight, window.StrideWidth),
            new PoolSize(window.PaddingHeight, window.PaddingWidth),
            new PoolSize(window.DilationHeight, window.DilationWidth),
            window.Ceiling);
        if (upstreamTensor is null)
            DualMaxPool.Forward(stackTensor.View, settings, result.View, Queue);
        else
            DualMaxPool.Backward(stackTensor.View, settings, upstreamTensor.View, result.View, Queue);
    }

    protected override void Compare(Verdict verdict)
    {
        if (proof.Planes == 0) return;
        (double[] values, double[] gradient) = DualMaxPoolOracle.Compute(stack, window, upstream);
        if (upstream is null)
            verdict.CheckRows(values, result.Read(), outputs, 0, "result", KdElementType.Float64);
        else
            verdict.CheckRows(gradient, result.Read(), image, 1e-6, "gradient", proof.Type);
    }
}
