using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.VidLikelihood"/> by composed torch operations, differentiable any number of times. The autograd
/// function takes its second and higher derivatives from here; tests and benches compare with it.
/// </summary>
public static class VidLikelihoodComposed
{
    // Beyond it torch's softplus is the identity, which is then exact in float64.
    private const double SoftplusThreshold = 40;

    /// <summary>The loss, reduced as <paramref name="options"/> say.</summary>
    /// <param name="student">μ <c>[B, C, ...]</c>.</param>
    /// <param name="teacher">t, likewise.</param>
    /// <param name="rho">ρ <c>[C]</c>.</param>
    /// <param name="options">Reduction, ε and constant.</param>
    public static Tensor Loss(Tensor student, Tensor teacher, Tensor rho, VidLikelihoodOptions options)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(rho);
        ArgumentNullException.ThrowIfNull(options);
        (student, teacher, rho) = (TensorMemory.Widen(student), TensorMemory.Widen(teacher), TensorMemory.Widen(rho));
        var shape = new long[student.dim()];
        Array.Fill(shape, 1);
        shape[1] = rho.numel();
        var variance = (rho.softplus(1, SoftplusThreshold) + options.Epsilon).view(shape);
        var losses = 0.5 * ((student - teacher).square() / variance + variance.log());
        return options.Reduce(options.WithConstant ? losses + 0.5 * Math.Log(2 * Math.PI) : losses);
    }
}
