using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.TemperedKl"/> by composed torch operations, differentiable any number of times. The autograd function
/// takes its second and higher derivatives from here; tests and benches compare with it. It has the rounding that the fused
/// op avoids: at large T, or for a student near its teacher, use it in float64.
/// </summary>
public static class TemperedKlComposed
{
    /// <summary>The loss, reduced as <paramref name="options"/> say.</summary>
    public static Tensor Loss(Tensor student, Tensor teacher, TemperedKlOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.Reduce(RowLoss(student, teacher, options), student.shape[options.ClassDimension]);
    }

    /// <summary>The loss of each row, ignored rows included, without the mask and the divisor.</summary>
    internal static Tensor RowLoss(Tensor student, Tensor teacher, TemperedKlOptions options)
    {
        int dim = options.ClassDimension;
        (student, teacher) = (TensorMemory.Widen(student), TensorMemory.Widen(teacher));
        if (double.IsPositiveInfinity(options.Temperature))
            return 0.5 * Centred(student, teacher, dim).square().mean([dim]);
        var (p, logRatio) = Ratio(student, teacher, options);
        return (options.Weigh(p) * logRatio).sum(dim) * options.Scale;
    }

    /// <summary>
    /// Gradients for <paramref name="upstream"/>, the gradient of the reduced loss (a scalar, or one per row):
    /// T·(q·Σw·p − w⊙p) for the student and T·p⊙(w⊙(ℓ+1) − Σw·p·(ℓ+1)) for the teacher, with ℓ = log p − log q.
    /// </summary>
    internal static FusedGradients Gradient(
        Tensor student, Tensor teacher, Tensor upstream, TemperedKlOptions options, GradientNeeds needs)
    {
        int dim = options.ClassDimension;
        var dtype = student.dtype;
        (student, teacher) = (TensorMemory.Widen(student), TensorMemory.Widen(teacher));
        var rowScale = options.RowScale(upstream, student).unsqueeze(dim);
        if (double.IsPositiveInfinity(options.Temperature))
        {
            var gradient = Centred(student, teacher, dim) * (rowScale / student.shape[dim]);
            return new(needs.Student ? gradient.to(dtype) : null, needs.Teacher ? -gradient.to(dtype) : null);
        }
        // One T of T² is cancelled by the chain rule through z/T.
        rowScale = rowScale * (options.Scale / options.Temperature);
        var (p, logRatio) = Ratio(student, teacher, options);
        Tensor? studentGradient = null, teacherGradient = null;
        if (needs.Student)
        {
            var q = (student / options.Temperature).softmax(dim);
            var weighted = options.Weigh(p);
            studentGradient = (q * weighted.sum([dim], keepdim: true) - weighted) * rowScale;
        }
        if (needs.Teacher)
        {
            var slope = options.Weigh(logRatio + 1);
            teacherGradient = p * (slope - (p * slope).sum([dim], keepdim: true)) * rowScale;
        }
        return new(studentGradient?.to(dtype), teacherGradient?.to(dtype));
    }

    private static Tensor Centred(Tensor student, Tensor teacher, int dim)
    {
        var difference = student - teacher;
        return difference - difference.mean([dim], keepdim: true);
    }

    // log p − log q is −∞ − (−∞) where both have no mass, and 0·∞ where only the teacher has none: zero in both cases.
    private static (Tensor P, Tensor LogRatio) Ratio(Tensor student, Tensor teacher, TemperedKlOptions options)
    {
        int dim = options.ClassDimension;
        var logP = nn.functional.log_softmax(teacher / options.Temperature, dim);
        var logQ = nn.functional.log_softmax(student / options.Temperature, dim);
        var p = logP.exp();
        return (p, (logP - logQ).masked_fill(p == 0, 0));
    }
}
