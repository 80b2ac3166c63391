using KdKernels.Core;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>HintonLoss against its oracle: loss, metrics, totals, gradient.</summary>
internal static class HintonVerdict
{
    public static void Judge(Judge judge, KernelCase kernelCase, CaseData data, KlCaseRun run)
    {
        HintonLossOracleResult truth = HintonLossOracle.Compute(
            data.Student,
            data.Teacher,
            data.Labels!,
            kernelCase.Classes,
            kernelCase.Alpha,
            kernelCase.Temperature,
            Oracle.Reduction(kernelCase.Reduction),
            kernelCase.TemperatureSquared,
            data.Weights,
            CaseData.IgnoredLabel,
            data.Upstream);
        double log = Math.Log(kernelCase.Classes) + 1;
        double weighted = data.Weights is null ? 0 : kernelCase.Temperature * 60;
        double Scale(int row) => Size(truth.Divergences[row]) + Size(truth.CrossEntropies[row]) + log + weighted;
        if (run.Loss is { } loss)
            Oracle.CheckLoss(judge, kernelCase, loss.Read(), truth.RowLosses, truth.Loss, Scale);
        if (run.Metrics is { } metrics) CheckMetrics(judge, kernelCase, truth, metrics, log, weighted);
        if (run.Totals is { } totals) CheckTotals(judge, kernelCase, data, truth, totals, Scale);
        if (run.Gradient is not { } gradient) return;

        // Where the label is nearly certain, softmax − onehot is what rounding the probability leaves of 1, and the two
        // terms may cancel.
        double divisor = Oracle.Divisor(kernelCase, data.Labels);
        double terms = 1 - kernelCase.Alpha + (kernelCase.Alpha * GradientFactor(kernelCase));
        double Floor(int row) => Cases.Judge.NearCertainty * terms / divisor * UpstreamOf(data, row);
        judge.CheckRows(truth.StudentGradient, gradient.Read(), "gradient", Floor);
    }

    // What q − p is multiplied by.
    private static double GradientFactor(KernelCase kernelCase)
    {
        if (double.IsPositiveInfinity(kernelCase.Temperature)) return 1;
        return kernelCase.TemperatureSquared ? kernelCase.Temperature : 1 / kernelCase.Temperature;
    }

    private static double UpstreamOf(CaseData data, int row) =>
        data.Upstream is { } upstream ? Math.Abs(upstream[Math.Min(row, upstream.Length - 1)]) : 1;

    // A term that is infinite or NaN may be left out of the loss by its weight.
    private static double Size(double term) => double.IsFinite(term) ? Math.Abs(term) : 0;

    private static void CheckMetrics(
        Judge judge, KernelCase kernelCase, HintonLossOracleResult truth, double[] metrics, double log, double weighted)
    {
        for (int row = 0; row < kernelCase.Rows; row++)
        {
            int r = row;
            void Check(HintonMetric metric, double expected, double relative, double scale)
            {
                double actual = metrics[(r * HintonLoss.MetricCount) + (int)metric];
                judge.Check(expected, actual, relative, scale, () => $"{metric} of row {r}");
            }

            double ce = truth.CrossEntropies[row], kl = truth.Divergences[row];
            Check(HintonMetric.CrossEntropy, ce, Cases.Judge.Entropy, log + Math.Abs(ce));
            Check(HintonMetric.Kl, kl, judge.LossTolerance, Math.Abs(kl) + weighted);
            Check(HintonMetric.StudentEntropy, truth.StudentEntropies[row], Cases.Judge.Entropy, log);
            Check(HintonMetric.TeacherEntropy, truth.TeacherEntropies[row], Cases.Judge.Entropy, log);
            Check(HintonMetric.Hit, truth.Hits[row] ? 1 : 0, 0, 0);
            Check(HintonMetric.Agreement, truth.Agreements[row] ? 1 : 0, 0, 0);
        }
    }

    private static void CheckTotals(
        Judge judge,
        KernelCase kernelCase,
        CaseData data,
        HintonLossOracleResult truth,
        double[] totals,
        Func<int, double> scaleOf)
    {
        double divisor = Oracle.Divisor(kernelCase, data.Labels);
        double valid = data.Labels!.Count(label => label != CaseData.IgnoredLabel);
        double scale = Enumerable.Range(0, kernelCase.Rows).Sum(scaleOf);
        void Mean(int index, IEnumerable<double> values, double by) => judge.Check(
            values.Sum() / by, totals[index], judge.LossTolerance, scale / by, () => $"total {index}");
        Mean(0, truth.RowLosses, divisor);
        Mean(1, truth.CrossEntropies, divisor);
        Mean(2, truth.Divergences, divisor);
        Mean(3, truth.StudentEntropies, valid);
        Mean(4, truth.TeacherEntropies, valid);
        judge.Check(truth.Hits.Count(hit => hit), totals[5], 0, 0, () => "hits");
        judge.Check(truth.Agreements.Count(hit => hit), totals[6], 0, 0, () => "agreements");
        judge.Check(valid, totals[7], 0, 0, () => "valid rows");
    }
}
