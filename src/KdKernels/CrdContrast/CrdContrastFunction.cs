using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// CrdContrast in the autograd graph. Inputs: anchors, bank, positives, negatives or null, for None the anchors' gradient, which forward
/// fills (backward must not read the bank again, since training updates it in between), and Z where it lies in memory, or null.
/// </summary>
internal sealed class CrdContrastFunction(CrdContrastOptions options, CrdDraws? draws, CrdMemory? state) : FusedOp
{
    private readonly long _version = state?.Version ?? 0;

    public override string Name => "CrdContrast";

    internal static Tensor Run(
        Tensor anchors, Tensor bank, Tensor positives, Tensor? negatives, CrdDraws? draws, CrdContrastOptions options,
        Tensor? normalizer = null, CrdMemory? state = null)
    {
        using var rows = WithContiguousRows(bank);
        using var own = positives.contiguous();
        bool needed = is_grad_enabled() && anchors.requires_grad;
        using var gradient = needed && options.Reduction == KdReduction.None ? empty(anchors.shape, anchors.dtype, anchors.device) : null;
        return Apply(new CrdContrastFunction(options, draws, state), anchors, rows, own, negatives, gradient, normalizer);
    }

    /// <summary>A handle of the bank, or a copy if the elements of its rows do not lie side by side.</summary>
    internal static Tensor WithContiguousRows(Tensor bank) =>
        bank.shape[1] <= 1 || bank.stride(1) == 1 ? bank.alias() : bank.contiguous();

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var (anchors, bank, positives) = (inputs[0]!, inputs[1]!, inputs[2]!);
        bool perRow = options.Reduction == KdReduction.None;
        var loss = empty(perRow ? [anchors.shape[0]] : [], TensorMemory.ResultType(anchors), anchors.device);
        var lossRows = perRow ? TensorMemory.PerRow(loss) : TensorMemory.Scalar(loss);
        var (v, m, p) = (TensorMemory.Rows(anchors), TensorMemory.Rows(bank), TensorMemory.PerRow(positives));
        var choice = inputs[3] is { } negatives ? CrdChoice.Of(TensorMemory.Rows(negatives)) : draws!.ToChoice(anchors.device);
        var (settings, queue) = (options.ToSettings(inputs[5]), TorchQueue.Of(anchors));
        if (!needs[0])
        {
            Core.CrdContrast.Forward(v, m, p, choice, settings, lossRows, queue);
        }
        else
        {
            var gradient = inputs[4] ?? (gradients[0] = empty(anchors.shape, anchors.dtype, anchors.device));
            Core.CrdContrast.ForwardWithGradient(v, m, p, choice, settings, lossRows, TensorMemory.Rows(gradient), queue);
        }
        GC.KeepAlive((inputs, draws));
        return loss;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients) =>
        gradients[0] = (inputs[4]! * upstream.unsqueeze(1)).to(inputs[0]!.dtype);

    public override Tensor Composed(Tensor?[] inputs)
    {
        var negatives = inputs[3] ?? draws!.ToTensor(inputs[2]!);
        var loss = CrdContrastComposed.Loss(inputs[0]!, inputs[1]!, inputs[2]!, negatives, options, inputs[5]);

        // The bank of the forward pass is gone: NaN rather than the derivatives of another function.
        return state is null || state.Version == _version ? loss : loss * double.NaN;
    }
}
