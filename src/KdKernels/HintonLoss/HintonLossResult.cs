using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// The loss and what the same read gave besides. Under <see cref="KdReduction.None"/> every metric has one value per row; else
/// all are scalars. Only <see cref="Loss"/> carries a gradient.
/// </summary>
public sealed class HintonLossResult : IDisposable
{
    private readonly Tensor _metrics;
    private readonly bool _perRow;
    private readonly Dictionary<int, Tensor> _columns = [];

    internal HintonLossResult(Tensor loss, Tensor metrics, bool perRow)
    {
        Loss = loss;
        _metrics = metrics;
        _perRow = perRow;
    }

    /// <summary>(1 − α)·CE + α·T²·KL, reduced; the one to call backward on.</summary>
    public Tensor Loss { get; }

    /// <summary>The cross-entropy under the same reduction, without its factor 1 − α.</summary>
    public Tensor CrossEntropy => Column(HintonMetric.CrossEntropy, total: 1);

    /// <summary>The divergence under the same reduction, T² included, without its factor α.</summary>
    public Tensor Kl => Column(HintonMetric.Kl, total: 2);

    /// <summary>Entropy of softmax(student/T) in nats: per row, or the mean over valid rows.</summary>
    public Tensor StudentEntropy => Column(HintonMetric.StudentEntropy, total: 3);

    /// <summary>Entropy of softmax(teacher/T) in nats: per row, or the mean over valid rows.</summary>
    public Tensor TeacherEntropy => Column(HintonMetric.TeacherEntropy, total: 4);

    /// <summary>Rows whose label is the student's largest logit (the first of equals): 0 or 1 per row, or their number.</summary>
    public Tensor Top1Hits => Column(HintonMetric.Hit, total: 5);

    /// <summary>Rows where student and teacher have their largest logit at the same class: 0 or 1 per row, or their number.</summary>
    public Tensor Agreement => Column(HintonMetric.Agreement, total: 6);

    /// <summary>Disposes the loss and every metric.</summary>
    public void Dispose()
    {
        Loss.Dispose();
        DisposeMetrics();
    }

    /// <summary>Disposes everything but the loss.</summary>
    internal void DisposeMetrics()
    {
        _metrics.Dispose();
        foreach (var column in _columns.Values) column.Dispose();
    }

    // Counts come out as int64, as torch's sums of booleans do.
    private Tensor Column(HintonMetric metric, int total)
    {
        int index = _perRow ? (int)metric : total;
        if (_columns.TryGetValue(index, out var known)) return known;
        var column = _metrics.select(-1, index);
        bool count = metric is HintonMetric.Hit or HintonMetric.Agreement;
        return _columns[index] = count ? column.to(ScalarType.Int64) : column;
    }
}
