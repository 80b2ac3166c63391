using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// CrdContrast in the autograd graph. Inputs: anchors, bank, positives, negatives or null, and for None the anchors' gradient, which
/// forward fills: backward must not read the bank again, since training updates it in between.
/// </summary>
internal sealed class CrdContrastFunction(CrdContrastOptions options, CrdDraws? draws, CrdMemory? state) : FusedOp
{
    private readonly long _updates = state?.Updates ?? 0;

    public override string Name => "CrdContrast";

    internal static Tensor Run(
        Tensor anchors, Tensor bank, Tensor positives, Tensor? negatives, CrdDraws? draws, CrdContrastOptions options, CrdMemory? state)
    {
        using var rows = WithContiguousRows(bank);
        bool needed = is_grad_enabled() && anchors.requires_grad;
        using var gradient = needed && options.Reduction == KdReduction.None ? empty(anchors.shape, anchors.dtype) : null;
        return Apply(new CrdContrastFunction(options, draws, state), anchors, rows, positives, negatives, gradient);
    }

    /// <summary>A handle of the bank, or a copy if the elements of its rows do not lie side by side.</summary>
    internal static Tensor WithContiguousRows(Tensor bank) =>
        bank.shape[1] <= 1 || bank.stride(1) == 1 ? bank.alias() : bank.contiguous();

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var (anchors, bank, positives) = (inputs[0]!, inputs[1]!, inputs[2]!);
        bool perRow = options.Reduction == KdReduction.None;
        var loss = empty(perRow ? [anchors.shape[0]] : [], anchors.dtype);
        var lossRows = perRow ? TensorMemory.PerRow(loss) : TensorMemory.Scalar(loss);
        var (v, m, p) = (TensorMemory.Rows(anchors), TensorMemory.Rows(bank), TensorMemory.PerRow(positives));
        var choice = inputs[3] is { } negatives ? CrdChoice.Of(TensorMemory.Rows(negatives)) : draws!.ToChoice();
        if (!needs[0])
        {
            Core.CrdContrast.Forward(v, m, p, choice, options.ToSettings(), lossRows);
        }
        else
        {
            var gradient = inputs[4] ?? (gradients[0] = empty(anchors.shape, anchors.dtype));
            Core.CrdContrast.ForwardWithGradient(v, m, p, choice, options.ToSettings(), lossRows, TensorMemory.Rows(gradient));
        }
        GC.KeepAlive(inputs);
        return loss;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients) =>
        gradients[0] = inputs[4]! * upstream.unsqueeze(1);

    public override Tensor Composed(Tensor?[] inputs)
    {
        var negatives = inputs[3] ?? draws!.ToTensor(inputs[2]!);
        var loss = CrdContrastComposed.Loss(inputs[0]!, inputs[1]!, inputs[2]!, negatives, options);

        // The bank of the forward pass is gone: NaN rather than the derivatives of another function.
        return state is null || state.Updates == _updates ? loss : loss * double.NaN;
    }
}
