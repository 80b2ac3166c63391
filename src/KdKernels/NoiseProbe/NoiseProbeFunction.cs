using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>NoiseProbe in the autograd graph. Inputs: images and sigma, contiguous.</summary>
internal sealed class NoiseProbeFunction(NoiseProbeOptions options) : FusedOp
{
    public override string Name => nameof(KdFunctional.NoiseProbe);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var (input, sigma) = (inputs[0]!, inputs[1]!);
        long[] shape = input.shape;
        var output = empty([NoiseProbeOptions.Images(input, sigma) * options.Samples, .. shape[1..]], input.dtype, input.device);
        Core.NoiseProbe.Forward(Images(input), Cells(sigma), Settings(input), Images(output), TorchQueue.Of(input));
        GC.KeepAlive((input, sigma));
        return output;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var (input, sigma) = (inputs[0]!, inputs[1]!);
        if (needs[0]) gradients[0] = OfInput(input, upstream);
        if (!needs[1]) return;
        upstream = upstream.contiguous();
        var gradient = empty_like(sigma);
        Core.NoiseProbe.Backward(Images(upstream), Settings(input), Cells(gradient), TorchQueue.Of(upstream));
        GC.KeepAlive(upstream);
        gradients[1] = gradient;
    }

    public override Tensor Composed(Tensor?[] inputs) => NoiseProbeComposed.Copies(inputs[0]!, inputs[1]!, options);

    /// <summary>The upstream gradient summed over the copies of each image; of all images where one input serves them.</summary>
    private static Tensor OfInput(Tensor input, Tensor upstream)
    {
        long inputs = input.shape[0];
        if (inputs == upstream.shape[0]) return upstream.alias();
        return upstream.reshape([inputs, upstream.shape[0] / Math.Max(inputs, 1), .. input.shape[1..]]).sum(1);
    }

    private NoiseProbeSettings Settings(Tensor input) => options.ToSettings(checked((int)input.shape[3]));

    private static RowsView Images(Tensor tensor)
    {
        long[] shape = tensor.shape;
        return Rows(tensor, shape[1], shape[2] * shape[3]);
    }

    private static RowsView Cells(Tensor tensor) => Rows(tensor, tensor.shape[1], tensor.shape[2]);

    private static RowsView Rows(Tensor tensor, long inner, long length) =>
        new(
            TensorMemory.Address(tensor), TensorMemory.ElementType(tensor), tensor.shape[0], inner, length,
            inner * length, length, 1)
        {
            Device = TensorMemory.Device(tensor),
        };
}
