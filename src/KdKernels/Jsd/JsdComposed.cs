using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.Jsd"/> by composed torch operations in the log domain, differentiable any number of times. It has the
/// rounding that the fused op avoids: at large T, or for a student near its teacher, use it in float64.
/// </summary>
public static class JsdComposed
{
    /// <summary>The loss, reduced as <paramref name="options"/> say.</summary>
    public static Tensor Loss(Tensor student, Tensor teacher, JsdOptions options)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(options);
        if (options is { KlAtEnds: true, Beta: 0 }) return TemperedKlComposed.Loss(student, teacher, options.Rows);
        if (options is { KlAtEnds: true, Beta: 1 }) return ReverseKlComposed.Loss(student, teacher, options.Rows);
        return options.Rows.Reduce(RowLoss(student, teacher, options), student.shape[options.ClassDimension]);
    }

    private static Tensor RowLoss(Tensor student, Tensor teacher, JsdOptions options)
    {
        var (dim, beta) = (options.ClassDimension, options.Beta);
        (student, teacher) = (TensorMemory.Widen(student), TensorMemory.Widen(teacher));
        // The limit of the divergence itself, times what a mixture makes of it.
        if (double.IsPositiveInfinity(options.Temperature))
            return TemperedKlComposed.RowLoss(student, teacher, options.Rows) * (beta * (1 - beta));
        var logP = nn.functional.log_softmax(teacher / options.Temperature, dim);
        var logQ = nn.functional.log_softmax(student / options.Temperature, dim);
        var (p, q) = (logP.exp(), logQ.exp());
        // Nothing is mixed; a NaN stays one.
        if (beta is 0 or 1) return (p + q).sum(dim) * 0;
        // Without mass on either side the mixture's logarithm is −∞ and has no gradient.
        var empty = p.eq(0).logical_and(q.eq(0));
        logP = logP.masked_fill(empty, 0);
        logQ = logQ.masked_fill(empty, 0);
        var logM = stack([logP + Math.Log(beta), logQ + Math.Log(1 - beta)], 0).logsumexp(0);
        var loss = p * (logP - logM).masked_fill(p.eq(0), 0) * beta + q * (logQ - logM).masked_fill(q.eq(0), 0) * (1 - beta);
        return loss.sum(dim) * options.Rows.Scale;
    }
}
