namespace KdKernels;

/// <summary>
/// A module whose forward pass is written over dual numbers. A plain tensor is a dual number without tangents, so the forward pass
/// is written once: <c>forward(Tensor x) => DualForward(new Dual(x)).Stack</c>.
/// </summary>
public interface IDualModule
{
    /// <summary>Computes the output and, for every tangent of the input, the output's derivative along it.</summary>
    Dual DualForward(Dual input);
}
