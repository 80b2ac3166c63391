using KdKernels.Core;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of an op on logits.</summary>
internal abstract class LogitCaseRun : CaseRun
{
    private readonly KernelCase kernelCase;

    protected LogitCaseRun(EmulatedGpu gpu, KernelCase kernelCase, CaseData data)
        : base(gpu)
    {
        this.kernelCase = kernelCase;
        bool perRow = kernelCase.Reduction == KdReduction.None;
        (int outer, int inner) = perRow ? (kernelCase.Outer, kernelCase.Inner) : (1, 1);
        if (data.Upstream is { } u) Upstream = Input("upstream", KdElementType.Float32, outer, inner, 1, u);
        if (kernelCase.Pass != Pass.Backward) Loss = Output("loss", KdElementType.Float32, outer, inner, 1);
        if (kernelCase.Pass != Pass.Forward) Gradient = GradientOutput("gradient");
    }

    /// <summary>Gradient of the loss, for a backward pass.</summary>
    public DeviceTensor? Upstream { get; }

    /// <summary>The loss, unless the pass is backward.</summary>
    public DeviceTensor? Loss { get; }

    /// <summary>The gradient of the student or the only logits, unless the pass is forward only.</summary>
    public DeviceTensor? Gradient { get; }

    protected sealed override void Compare(Verdict verdict) => Compare(new Judge(kernelCase, verdict));

    /// <summary>Compares with the oracle.</summary>
    protected abstract void Compare(Judge judge);

    protected DeviceTensor Logits(string name, Role role, double[] values) => Input(
        name,
        kernelCase.Type,
        kernelCase.Outer,
        kernelCase.Inner,
        kernelCase.Classes,
        values,
        Placement.Of(kernelCase, role));

    protected DeviceTensor GradientOutput(string name) => Output(
        name,
        kernelCase.Type,
        kernelCase.Outer,
        kernelCase.Inner,
        kernelCase.Classes,
        Placement.Of(kernelCase, Role.Gradient));
}
