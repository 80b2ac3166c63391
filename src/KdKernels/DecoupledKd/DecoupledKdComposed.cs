using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.DecoupledKd"/> by composed torch operations, differentiable any number of times: one divergence over two
/// classes, the label and the rest, and one over the rest. What <see cref="TemperedKlComposed"/> says of rounding holds here too.
/// </summary>
public static class DecoupledKdComposed
{
    /// <summary>The loss, reduced as <paramref name="options"/> say; they must hold labels.</summary>
    public static Tensor Loss(Tensor student, Tensor teacher, DecoupledKdOptions options)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(options);
        int dim = options.ClassDimension;
        (student, teacher) = (TensorMemory.Widen(student), TensorMemory.Widen(teacher));
        long classes = student.shape[dim];
        var labels = options.Labels ?? throw new ArgumentException("expected labels but got none", nameof(options));
        // Ignored rows are masked later; until then any class that exists will do.
        var targets = labels.masked_fill(labels == options.IgnoreIndex, 0).unsqueeze(dim);
        var shape = new long[student.dim()];
        Array.Fill(shape, 1);
        shape[dim] = classes;
        var isTarget = arange(classes, ScalarType.Int64, student.device).view(shape).eq(targets);

        var (studentRest, teacherRest) = (Without(student), Without(teacher));
        var within = TemperedKlComposed.RowLoss(studentRest, teacherRest, options.Rows);
        var binary = new TemperedKlOptions(1, options.Reduction, dim);
        var target = TemperedKlComposed.RowLoss(Odds(student, studentRest), Odds(teacher, teacherRest), binary);
        return options.Rows.Reduce(target * (options.Alpha * options.Rows.Scale) + within * options.Beta, classes);

        Tensor Without(Tensor logits) => logits.masked_fill(isTarget, double.NegativeInfinity);

        // Two logits per row: the label's log-odds and 0.
        Tensor Odds(Tensor logits, Tensor rest)
        {
            var label = logits.gather(dim, targets) / options.Temperature;
            var odds = label - (rest / options.Temperature).logsumexp(dim, keepdim: true);
            return cat([odds, zeros_like(odds)], dim);
        }
    }
}
