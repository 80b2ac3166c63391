using KdKernels.Core;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>One case on an emulated device: its tensors, the call of the library, what came out.</summary>
internal abstract class CaseRun : IDisposable
{
    private readonly EmulatedGpu gpu;
    private readonly KernelCase kernelCase;
    private readonly List<DeviceTensor> tensors = [];
    private readonly List<DeviceTensor> outputs = [];

    protected CaseRun(EmulatedGpu gpu, KernelCase kernelCase, CaseData data)
    {
        this.gpu = gpu;
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

    /// <summary>Bytes that must be read or written at least once.</summary>
    public long LeastBytes => tensors.Sum(tensor => tensor.Bytes);

    public static CaseRun Of(EmulatedGpu gpu, KernelCase kernelCase, CaseData data) =>
        kernelCase.Stem == nameof(SoftmaxEntropy)
            ? new EntropyCaseRun(gpu, kernelCase, data)
            : new KlCaseRun(gpu, kernelCase, data);

    /// <summary>Calls the library.</summary>
    public abstract void Execute();

    /// <summary>Everything that was written.</summary>
    public byte[] Bits() => [.. outputs.SelectMany(tensor => tensor.Bits())];

    /// <summary>What is wrong with it; empty when nothing is.</summary>
    public IReadOnlyList<string> Faults()
    {
        var judge = new Judge(kernelCase);
        foreach (DeviceTensor output in outputs)
            if (output.WriteFault() is { } fault) judge.Add(fault);
        Compare(judge);
        return judge.Faults;
    }

    public void Dispose()
    {
        foreach (DeviceTensor tensor in tensors) tensor.Dispose();
    }

    /// <summary>Compares with the oracle.</summary>
    protected abstract void Compare(Judge judge);

    protected DeviceTensor Logits(string name, Role role, double[] values) => Keep(DeviceTensor.Input(
        gpu.Memory,
        name,
        kernelCase.Type,
        kernelCase.Outer,
        kernelCase.Inner,
        kernelCase.Classes,
        values,
        Placement.Of(kernelCase, role)));

    protected DeviceTensor GradientOutput(string name)
    {
        DeviceTensor tensor = Keep(DeviceTensor.Output(
            gpu.Memory,
            name,
            kernelCase.Type,
            kernelCase.Outer,
            kernelCase.Inner,
            kernelCase.Classes,
            Placement.Of(kernelCase, Role.Gradient)));
        outputs.Add(tensor);
        return tensor;
    }

    protected DeviceTensor Input(
        string name, KdElementType type, int outer, int inner, int length, double[] values) =>
        Keep(DeviceTensor.Input(gpu.Memory, name, type, outer, inner, length, values));

    protected DeviceTensor Output(string name, KdElementType type, int outer, int inner, int length)
    {
        DeviceTensor tensor = Keep(DeviceTensor.Output(gpu.Memory, name, type, outer, inner, length));
        outputs.Add(tensor);
        return tensor;
    }

    private DeviceTensor Keep(DeviceTensor tensor)
    {
        tensors.Add(tensor);
        return tensor;
    }
}
