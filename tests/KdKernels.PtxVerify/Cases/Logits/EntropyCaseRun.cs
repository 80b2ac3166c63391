using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of SoftmaxEntropy; its logits are the data's student.</summary>
internal sealed class EntropyCaseRun(EmulatedGpu gpu, KernelCase kernelCase, CaseData data)
    : LogitCaseRun(gpu, kernelCase, data)
{
    private readonly KernelCase kernelCase = kernelCase;
    private readonly CaseData data = data;
    private DeviceTensor? logits;

    public override void Execute()
    {
        logits ??= Logits("logits", Role.Student, data.Student);
        var settings = new SoftmaxEntropySettings(kernelCase.Temperature, kernelCase.Reduction);
        if (kernelCase.Pass == Pass.Backward)
            SoftmaxEntropy.Backward(logits.View, settings, Upstream!.View, Gradient!.View, Queue);
        else if (Gradient is null)
            SoftmaxEntropy.Forward(logits.View, settings, Loss!.View, Queue);
        else
            SoftmaxEntropy.ForwardWithGradient(logits.View, settings, Loss!.View, Gradient.View, Queue);
    }

    protected override void Compare(Judge judge)
    {
        SoftmaxEntropyOracleResult truth = SoftmaxEntropyOracle.Compute(
            data.Student,
            kernelCase.Classes,
            kernelCase.Temperature,
            Oracle.Reduction(kernelCase.Reduction),
            data.Upstream);
        if (Loss is not null)
        {
            // Where one class has nearly everything, the entropy is what the rounding of its share leaves of it.
            double Scale(int row) => truth.RowEntropies[row] + (Cases.Judge.NearCertainty / Cases.Judge.Loss);
            Oracle.CheckLoss(judge, kernelCase, Loss.Read(), truth.RowEntropies, truth.Loss, Scale);
        }

        if (Gradient is not null) judge.CheckRows(truth.Gradient, Gradient.Read(), "gradient");
    }
}
