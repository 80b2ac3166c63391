using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.NormalizedMatch"/> by composed torch operations, differentiable any number of times. The autograd node
/// takes its second and higher derivatives from here; tests and benches compare with it. Every element of the difference has the
/// rounding of both norms: nearly parallel rows lose digits here.
/// </summary>
public static class NormalizedMatchComposed
{
    /// <summary>The loss, reduced as <paramref name="options"/> say.</summary>
    public static Tensor Loss(Tensor student, Tensor teacher, NormalizedMatchOptions options)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(options);
        var s = UnitRows.Of(TensorMemory.Widen(student).flatten(1), options.Epsilon);
        var t = UnitRows.Of(TensorMemory.Widen(teacher).flatten(1), options.Epsilon);
        return options.Reduce((s - t).square().sum(1), s.shape[1]);
    }
}
