using KdKernels.Distillation.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary>Derivatives image by image, in plain torch: what tests of methods on derivatives compare with.</summary>
internal static class ImageDerivatives
{
    /// <summary>The Jacobian <c>[K, D]</c> of one image, a backward pass per class, and its logits <c>[1, K]</c>.</summary>
    public static (Tensor Rows, Tensor Logits) Jacobian(nn.Module<Tensor, Tensor> network, Tensor image, bool trains)
    {
        Tensor leaf = image.detach().requires_grad_();
        Tensor logits = network.call(leaf);
        Tensor[] rows =
        [
            .. Enumerable.Range(0, (int)logits.shape[1]).Select(k => autograd.grad(
                [logits[0, k]], [leaf], retain_graph: true, create_graph: trains)[0].flatten()),
        ];
        return (stack(rows), logits);
    }

    public static Tensor Distance(Tensor student, Tensor teacher, bool normalise) => normalise
        ? 2 - (student * teacher).sum() * 2 / (student.square().sum().sqrt() * teacher.square().sum().sqrt())
        : (student - teacher).square().sum();

    public static Tensor Sum(int count, Func<int, Tensor> term) =>
        Enumerable.Range(0, count).Select(term).Aggregate((left, right) => left + right);

    public static Tensor Image(MethodStep step, int index) =>
        step.Batch.Inputs.narrow(0, index, 1).detach().requires_grad_();

    // Unit normals [B, count, C, H, W] as the contract says: keyed by seed, step and place in the batch.
    public static Tensor Noise(MethodStep step, int count)
    {
        long[] shape = step.Batch.Inputs.shape;
        return NoiseProbeComposed.Noise(
            [shape[0], count, .. shape[1..]], new NoiseProbeOptions(step.Seed, (uint)step.Step, 0, count)).to(ScalarType.Float64);
    }

    public static Tensor Slope(nn.Module<Tensor, Tensor> network, MethodStep step, Tensor along)
    {
        const double Far = 1e-7;
        return (network.call(step.Batch.Inputs + along * Far) - network.call(step.Batch.Inputs - along * Far)) / (2 * Far);
    }
}
