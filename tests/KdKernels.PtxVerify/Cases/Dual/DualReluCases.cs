using KdKernels.Core;
using KdKernels.Kernels.Manifest;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>DualRelu: ends of tiles, numbers of blocks that do not fill a step, NaN and infinities, a constant upstream.</summary>
internal sealed class DualReluCases : StemCases
{
    public override string Stem => nameof(DualRelu);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        bool general = kernel.Kind == KernelKind.General;
        int[] lengths = general ? [1, 3, 255, 257, 1023, 1025, 2050] : [4, 1020, 1024, 1028, 2048];
        int odd = general ? 77 : 76;
        return
        [
            .. lengths.Select(length => new DualReluCase(type, 2, length)),
            .. lengths.Select(length => new DualReluCase(type, 2, length) { Backward = true }),
            .. new[] { 0, 1, 3, 4, 9 }.Select(tangents => new DualReluCase(type, tangents, odd)),
            .. new[] { 0, 4, 9 }.Select(tangents => new DualReluCase(type, tangents, odd) { Backward = true }),
            new DualReluCase(type, 5, odd) { Backward = true, Constant = true },
            new DualReluCase(type, 5, general ? 76 : 80) { Gap = general ? 1 : 8 },
            new DualReluCase(type, 2, general ? 0 : 4) { Backward = true },
        ];
    }

    public override ProofCase Representative(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        // Blocks that are no whole number of quads, each at a multiple of 32 bytes.
        return kernel.Kind == KernelKind.General ? new DualReluCase(type, 9, 4099) { Gap = 13 } : new DualReluCase(type, 9, 4096);
    }
}

/// <summary>One call of DualRelu.</summary>
internal sealed record DualReluCase(KdElementType Type, int Tangents, int Length) : ProofCase
{
    public bool Backward { get; init; }

    /// <summary>Whether the upstream gradient is one number.</summary>
    public bool Constant { get; init; }

    /// <summary>Elements between the blocks of the stack.</summary>
    public int Gap { get; init; }

    public override string Shape => $"[{1 + Tangents}, {Length}]";

    public override CaseRun Open(EmulatedGpu gpu) => new DualReluCaseRun(gpu, this);
}

/// <summary>A case of DualRelu. Nothing is rounded: the results are the oracle's to the bit.</summary>
internal sealed class DualReluCaseRun : CaseRun
{
    private readonly DualReluCase proof;
    private readonly double[] stack;
    private readonly double[]? upstream;
    private readonly DeviceTensor stackTensor;
    private readonly DeviceTensor? upstreamTensor;
    private readonly DeviceTensor result;

    public DualReluCaseRun(EmulatedGpu gpu, DualReluCase proof)
        : base(gpu)
    {
        this.proof = proof;
        int blocks = 1 + proof.Tangents, count = blocks * proof.Length;
        long pitch = proof.Length + proof.Gap;
        var placement = new Placement(blocks * pitch, 0, pitch, pitch, 1);
        stack = DualStack.Values(count, 3, proof.Type);
        stackTensor = Input("stack", proof.Type, blocks, 1, proof.Length, stack, placement);
        if (proof.Backward)
        {
            upstream = proof.Constant ? [.. Enumerable.Repeat(0.75, count)] : DualStack.Values(count, 5, proof.Type, special: false);
            upstreamTensor = Input(
                "upstream", proof.Type, blocks, 1, proof.Length, upstream, proof.Constant ? DualStack.Constant : placement);
        }

        result = Output("result", proof.Type, blocks, 1, proof.Length, placement);
    }

    public override void Execute()
    {
        if (upstreamTensor is null)
            DualRelu.Forward(stackTensor.View, result.View, Queue);
        else
            DualRelu.Backward(stackTensor.View, upstreamTensor.View, result.View, Queue);
    }

    protected override void Compare(Verdict verdict)
    {
        if (proof.Length == 0) return;
        (double[] values, double[] gradient) = DualReluOracle.Compute(stack, proof.Tangents, upstream);
        verdict.CheckRows(upstream is null ? values : gradient, result.Read(), proof.Length, 0, "result", KdElementType.Float64);
    }
}
