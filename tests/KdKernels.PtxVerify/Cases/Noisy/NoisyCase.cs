using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>Where the numbers of a case's samples come from.</summary>
internal enum SampleNumbers
{
    /// <summary>Counted from the first, which is near the end of 32 bits.</summary>
    Counted,

    /// <summary>One for each row, in no order.</summary>
    Given,

    /// <summary>The same, but one that is no sample.</summary>
    OneWrong,
}

/// <summary>One call of NoisyLogits; half squares where the reduction is not Mean.</summary>
internal sealed record NoisyCase(KernelCase Call) : ProofCase
{
    public double Sigma { get; init; } = 0.4;

    public double Alpha { get; init; } = 0.6;

    public SampleNumbers Samples { get; init; }

    public override string Shape => Call.Shape;

    public override CaseRun Open(EmulatedGpu gpu) => new NoisyCaseRun(gpu, this, new CaseData(Call));

    public override string ToString() => $"{Call} sigma {Sigma} alpha {Alpha} samples {Samples}";
}
