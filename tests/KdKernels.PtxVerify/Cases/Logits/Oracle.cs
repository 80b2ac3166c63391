using KdKernels.Core;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>What the comparisons with the oracles share.</summary>
internal static class Oracle
{
    public static OracleReduction Reduction(KdReduction reduction) => Enum.Parse<OracleReduction>(reduction.ToString());

    public static double Divisor(KernelCase kernelCase, long[]? labels)
    {
        double valid = labels?.Count(label => label != CaseData.IgnoredLabel) ?? kernelCase.Rows;
        return kernelCase.Reduction switch
        {
            KdReduction.Mean => valid * kernelCase.Classes,
            KdReduction.BatchMean => valid,
            _ => 1,
        };
    }

    /// <summary>The loss per row, or the reduced one, whose error may be the sum of the rows'.</summary>
    public static void CheckLoss(
        Judge judge, KernelCase kernelCase, double[] actual, double[] rows, double reduced, Func<int, double> scaleOf)
    {
        if (kernelCase.Reduction == KdReduction.None)
        {
            for (int row = 0; row < rows.Length; row++)
            {
                int r = row;
                judge.Check(rows[row], actual[row], judge.LossTolerance, scaleOf(row), () => $"loss of row {r}");
            }

            return;
        }

        double scale = Enumerable.Range(0, rows.Length).Sum(scaleOf);
        if (reduced != 0 && double.IsFinite(reduced)) scale *= Math.Abs(reduced / rows.Sum());
        judge.Check(reduced, actual[0], judge.LossTolerance, scale, () => "loss");
    }
}
