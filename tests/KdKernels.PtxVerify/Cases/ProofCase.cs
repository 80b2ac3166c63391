using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>One call of an op by which a kernel is proved. Its text names it in messages.</summary>
internal abstract record ProofCase
{
    /// <summary>The operands' shape, for the table of traffic.</summary>
    public abstract string Shape { get; }

    /// <summary>Puts the operands on a device; the same ones each time.</summary>
    public abstract CaseRun Open(EmulatedGpu gpu);
}
