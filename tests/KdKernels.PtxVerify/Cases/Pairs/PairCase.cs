using KdKernels.PtxVerify.Driver;

namespace KdKernels.PtxVerify.Cases;

/// <summary>One call of a loss on student and teacher logits.</summary>
/// <param name="Call">Operands, pass, reduction and temperature.</param>
internal sealed record PairCase(KernelCase Call) : ProofCase
{
    /// <summary>The teacher's share of Jsd's mixture.</summary>
    public double Beta { get; init; } = 0.5;

    /// <summary>DecoupledKd's weights of the label and of the rest.</summary>
    public (double Label, double Others) Weights { get; init; } = (1, 8);

    public override string Shape => Call.Shape;

    public override CaseRun Open(EmulatedGpu gpu) => new PairCaseRun(gpu, this, new CaseData(Call));

    public override string ToString() => Call.Stem switch
    {
        "Jsd" => $"{Call} beta {Beta}",
        "DecoupledKd" => $"{Call} weights {Weights}",
        _ => Call.ToString(),
    };
}
