using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.HintonLoss"/> by composed torch operations, differentiable any number of times with respect to the
/// student. What <see cref="TemperedKlComposed"/> says of rounding holds here too.
/// </summary>
public static class HintonLossComposed
{
    /// <summary>The loss, with the parameters of <see cref="KdFunctional.HintonLoss"/>.</summary>
    public static Tensor Loss(
        Tensor student, Tensor teacher, Tensor labels, double temperature, double alpha, KdReduction reduction,
        Tensor? classWeights = null, long ignoreIndex = -100, bool tSquared = true, long? dim = null)
    {
        ArgumentNullException.ThrowIfNull(student);
        int dimension = KdGuard.ClassDimension(student, dim);
        var options = new TemperedKlOptions(temperature, reduction, dimension)
        {
            ClassWeights = classWeights,
            Labels = labels,
            IgnoreIndex = ignoreIndex,
            TSquared = tSquared,
        };
        (student, teacher) = (TensorMemory.Widen(student), TensorMemory.Widen(teacher));
        var logProbabilities = nn.functional.log_softmax(student, dimension);
        var crossEntropy = -logProbabilities.gather(dimension, Targets(options, student).unsqueeze(dimension)).squeeze(dimension);
        var rows = crossEntropy * WeightOfLabel(options, student) * (1 - alpha)
            + TemperedKlComposed.RowLoss(student, teacher, options) * alpha;
        return options.Reduce(rows, student.shape[dimension]);
    }

    /// <summary>The student's gradient: (1−α)·w_y·(softmax(s) − onehot(y)) + α·(TemperedKl's), scaled per row.</summary>
    internal static Tensor Gradient(Tensor student, Tensor teacher, Tensor upstream, HintonLossOptions options)
    {
        int dim = options.Kl.ClassDimension;
        var dtype = student.dtype;
        (student, teacher) = (TensorMemory.Widen(student), TensorMemory.Widen(teacher));
        var kl = TemperedKlComposed.Gradient(student, teacher, upstream, options.Kl, new(Student: true, Teacher: false)).Student!;
        var targets = Targets(options.Kl, student).unsqueeze(dim);
        var oneHot = zeros_like(student).scatter(dim, targets, ones(targets.shape, student.dtype, student.device));
        var rowScale = options.Kl.RowScale(upstream, student) * WeightOfLabel(options.Kl, student);
        var gradient = (student.softmax(dim) - oneHot) * rowScale.unsqueeze(dim) * (1 - options.Alpha) + kl * options.Alpha;
        return gradient.to(dtype);
    }

    // Ignored rows are masked later; until then any class that exists will do.
    private static Tensor Targets(TemperedKlOptions options, Tensor student)
    {
        var labels = options.Labels!;
        return labels.masked_fill(labels == options.IgnoreIndex, 0).clamp(0, student.shape[options.ClassDimension] - 1);
    }

    private static Tensor WeightOfLabel(TemperedKlOptions options, Tensor student)
    {
        var targets = Targets(options, student);
        return options.ClassWeights is null
            ? ones(targets.shape, student.dtype, student.device)
            : options.ClassWeights.index_select(0, targets.flatten()).view(targets.shape);
    }
}
