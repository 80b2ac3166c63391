using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.SoftmaxJvp"/> by composed torch operations, differentiable any number of times. The autograd node takes
/// its second and higher derivatives from here; tests and benches compare with it. The mean under p is taken of the tangents as they
/// are: a large common shift costs digits here.
/// </summary>
public static class SoftmaxJvpComposed
{
    /// <summary>J v for every tangent, with the tangents' shape and dtype; 16-bit inputs are computed in float32.</summary>
    public static Tensor Values(Tensor logits, Tensor tangents, SoftmaxJvpOptions options)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(tangents);
        ArgumentNullException.ThrowIfNull(options);
        var v = TensorMemory.Widen(tangents);
        var p = nn.functional.softmax(TensorMemory.Widen(logits) / options.Temperature, -1);
        if (tangents.dim() == 3) p = p.unsqueeze(1);
        var centred = v - (p * v).sum([-1], keepdim: true);
        return ((options.Of == SoftmaxForm.Softmax ? p * centred : centred) / options.Temperature).to(tangents.dtype);
    }
}
