using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>PixelEntropy in the autograd graph. Input: sigma, contiguous.</summary>
/// <param name="options">Reduction and threshold.</param>
/// <param name="points">What knowledge points are counted with; null where none are.</param>
internal sealed class PixelEntropyFunction(PixelEntropyOptions options, PixelEntropyFunction.Points? points) : FusedOp
{
    /// <summary>
    /// The mask, contiguous and of sigma's shape, and what comes out besides the entropy: the caller's own, since only forward looks at
    /// them.
    /// </summary>
    internal sealed record Points(
        Tensor Foreground, Tensor BackgroundMean, Tensor ForegroundPoints, Tensor BackgroundPoints, Tensor? Map)
    {
        internal PixelEntropyPoints Views(RowsView sigma) => new(
            Units(Foreground) with { Length = sigma.Length },
            TensorMemory.Scalar(BackgroundMean),
            Counts(ForegroundPoints),
            Counts(BackgroundPoints));

        private static RowsView Counts(Tensor counts) =>
            RowsView.Contiguous(TensorMemory.Address(counts), KdElementType.Int64, counts.numel(), 1) with
            {
                Device = TensorMemory.Device(counts),
            };
    }

    public override string Name => nameof(KdFunctional.PixelEntropy);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var sigma = inputs[0]!;
        bool perUnit = options.Reduction == KdReduction.None;
        var entropy = empty(perUnit ? sigma.shape : [], TensorMemory.ResultType(sigma), sigma.device);
        var rows = Units(sigma);
        var target = perUnit ? Units(entropy) : TensorMemory.Scalar(entropy);
        var counted = points?.Views(rows);
        var map = points?.Map is { } units ? Units(units) : (RowsView?)null;
        var queue = TorchQueue.Of(sigma);
        if (needs[0] && !perUnit)
        {
            gradients[0] = empty_like(sigma);
            Core.PixelEntropy.ForwardWithGradient(rows, options.ToSettings(), target, Units(gradients[0]!), counted, map, queue);
        }
        else
        {
            Core.PixelEntropy.Forward(rows, options.ToSettings(), target, counted, map, queue);
        }
        GC.KeepAlive((sigma, points));
        return entropy;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var sigma = inputs[0]!;
        var gradient = empty_like(sigma);
        upstream = upstream.contiguous();
        var rows = options.Reduction == KdReduction.None ? Units(upstream) : TensorMemory.Scalar(upstream);
        Core.PixelEntropy.Backward(Units(sigma), options.ToSettings(), rows, Units(gradient), TorchQueue.Of(sigma));
        GC.KeepAlive((sigma, upstream));
        gradients[0] = gradient;
    }

    public override Tensor Composed(Tensor?[] inputs) => PixelEntropyComposed.Entropy(inputs[0]!, options);

    /// <summary>A contiguous tensor with all units of an image in one row.</summary>
    private static RowsView Units(Tensor tensor)
    {
        long images = tensor.shape[0], units = images == 0 ? 0 : tensor.numel() / images;
        return RowsView.Contiguous(TensorMemory.Address(tensor), TensorMemory.ElementType(tensor), images, units) with
        {
            Device = TensorMemory.Device(tensor),
        };
    }
}
