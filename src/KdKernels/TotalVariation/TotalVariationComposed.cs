using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.TotalVariation"/> by composed torch operations, differentiable any number of times away from ties. For a
/// student near its teacher, use it in float64.
/// </summary>
public static class TotalVariationComposed
{
    /// <summary>The loss, reduced as <paramref name="options"/> say.</summary>
    public static Tensor Loss(Tensor student, Tensor teacher, TotalVariationOptions options)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(options);
        int dim = options.ClassDimension;
        (student, teacher) = (TensorMemory.Widen(student), TensorMemory.Widen(teacher));
        var difference = (student / options.Temperature).softmax(dim) - (teacher / options.Temperature).softmax(dim);
        return options.Rows.Reduce(difference.abs().sum(dim) / 2, student.shape[dim]);
    }
}
