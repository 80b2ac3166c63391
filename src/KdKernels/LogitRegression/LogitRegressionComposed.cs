using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.LogitRegression"/> by composed torch operations, differentiable any number of times. The autograd
/// function takes its second and higher derivatives from here; tests and benches compare with it.
/// </summary>
public static class LogitRegressionComposed
{
    /// <summary>The loss, reduced as <paramref name="options"/> say.</summary>
    public static Tensor Loss(Tensor student, Tensor teacher, LogitRegressionOptions options)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(options);
        var squares = (TensorMemory.Widen(student) - TensorMemory.Widen(teacher)).square().sum(options.ClassDimension);
        return options.Reduce(options.Half ? 0.5 * squares : squares, student.shape[options.ClassDimension]);
    }
}
