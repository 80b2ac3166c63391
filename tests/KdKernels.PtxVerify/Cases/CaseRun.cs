using KdKernels.Core;
using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>One case on an emulated device: its tensors, the call of the library, what came out.</summary>
internal abstract class CaseRun(EmulatedGpu gpu) : IDisposable
{
    private readonly List<DeviceTensor> tensors = [];
    private readonly List<DeviceTensor> outputs = [];

    /// <summary>Bytes that must be read or written at least once.</summary>
    public virtual long LeastBytes => tensors.Sum(tensor => tensor.Bytes);

    protected CudaQueue Queue => gpu.Queue;

    /// <summary>Calls the library.</summary>
    public abstract void Execute();

    /// <summary>Everything that was written.</summary>
    public byte[] Bits() => [.. outputs.SelectMany(tensor => tensor.Bits())];

    /// <summary>What is wrong with it; empty when nothing is.</summary>
    public IReadOnlyList<string> Faults()
    {
        var verdict = new Verdict();
        foreach (DeviceTensor output in outputs)
            if (output.WriteFault() is { } fault) verdict.Add(fault);
        Compare(verdict);
        return verdict.Faults;
    }

    public void Dispose()
    {
        foreach (DeviceTensor tensor in tensors) tensor.Dispose();
    }

    /// <summary>Compares with the oracle.</summary>
    protected abstract void Compare(Verdict verdict);

    /// <summary>An operand that is read.</summary>
    protected DeviceTensor Input(
        string name,
        KdElementType type,
        int outer,
        int inner,
        int length,
        double[] values,
        Placement? placement = null) =>
        Keep(DeviceTensor.Input(gpu.Memory, name, type, outer, inner, length, values, placement));

    /// <summary>An operand that is written, every element of it.</summary>
    protected DeviceTensor Output(
        string name, KdElementType type, int outer, int inner, int length, Placement? placement = null)
    {
        DeviceTensor tensor = Keep(DeviceTensor.Output(gpu.Memory, name, type, outer, inner, length, placement));
        outputs.Add(tensor);
        return tensor;
    }

    /// <summary>An operand that is read and changed in place.</summary>
    protected DeviceTensor Changed(
        string name,
        KdElementType type,
        int outer,
        int inner,
        int length,
        double[] values,
        Placement? placement = null)
    {
        DeviceTensor tensor = Input(name, type, outer, inner, length, values, placement);
        outputs.Add(tensor);
        return tensor;
    }

    private DeviceTensor Keep(DeviceTensor tensor)
    {
        tensors.Add(tensor);
        return tensor;
    }
}
