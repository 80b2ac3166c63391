using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.SoftCrossEntropy"/> by composed torch operations, differentiable any number of times. The autograd
/// function takes its second and higher derivatives from here; tests and benches compare with it. Its gradient has the rounding
/// of q − p that the fused op avoids: at large T, or for a student near its teacher, use it in float64.
/// </summary>
public static class SoftCrossEntropyComposed
{
    /// <summary>The loss, reduced as <paramref name="options"/> say.</summary>
    /// <param name="student">Logits.</param>
    /// <param name="teacher">Logits.</param>
    /// <param name="options">T, reduction, T².</param>
    /// <param name="classWeights">Weights <c>[C]</c> or null.</param>
    /// <param name="labels">Int64, one per row, only compared with the ignored index; or null.</param>
    public static Tensor Loss(
        Tensor student, Tensor teacher, SoftCrossEntropyOptions options, Tensor? classWeights = null, Tensor? labels = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(options);
        // The divergence's options weigh, mask and reduce rows in the same way.
        var rows = new TemperedKlOptions(options.Temperature, options.Reduction, options.ClassDimension)
        {
            ClassWeights = classWeights,
            Labels = labels,
            IgnoreIndex = options.IgnoreIndex,
            TSquared = options.TSquared,
        };
        int dim = options.ClassDimension;
        (student, teacher) = (TensorMemory.Widen(student), TensorMemory.Widen(teacher));
        var p = nn.functional.softmax(teacher / options.Temperature, dim);
        // A class that both sides exclude is 0·(−∞); its term is 0.
        var logQ = nn.functional.log_softmax(student / options.Temperature, dim).masked_fill(p == 0, 0);
        return rows.Reduce(-(rows.Weigh(p) * logQ).sum(dim) * rows.Scale, student.shape[dim]);
    }
}
