using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.ReverseKl"/> by composed torch operations, differentiable any number of times: the plain divergence with
/// student and teacher exchanged. What <see cref="TemperedKlComposed"/> says of rounding holds here too.
/// </summary>
public static class ReverseKlComposed
{
    /// <summary>The loss, reduced as <paramref name="options"/> say.</summary>
    public static Tensor Loss(Tensor student, Tensor teacher, TemperedKlOptions options) =>
        TemperedKlComposed.Loss(student: teacher, teacher: student, options);
}
