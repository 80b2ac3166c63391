namespace KdKernels.Core;

/// <summary>CrdContrast on the CPU.</summary>
internal static class CrdContrastCpu
{
    public static void Run(CrdProblem problem)
    {
        double sum = (KdCpu.Width, problem.Bank.ElementType) switch
        {
            (VectorWidth.Bits512, KdElementType.Float32) => CrdWork<Float32x16, float>.Run(problem),
            (VectorWidth.Bits512, _) => CrdWork<Float64x8, double>.Run(problem),
            (VectorWidth.Bits256, KdElementType.Float32) => CrdWork<Float32x8, float>.Run(problem),
            (VectorWidth.Bits256, _) => CrdWork<Float64x4, double>.Run(problem),
            (_, KdElementType.Float32) => CrdWork<Float32x1, float>.Run(problem),
            _ => CrdWork<Float64x1, double>.Run(problem),
        };
        if (problem.Loss is { } loss && problem.Reduction != KdReduction.None)
            Memory.Write(loss, 0, 0, sum / problem.Divisor);
    }

    /// <summary>The mean of e^(s/τ) over positives and negatives, times n.</summary>
    public static double EstimateNormalizer(CrdProblem problem)
    {
        double sum = (KdCpu.Width, problem.Bank.ElementType) switch
        {
            (VectorWidth.Bits512, KdElementType.Float32) => CrdWork<Float32x16, float>.RunExponentials(problem),
            (VectorWidth.Bits512, _) => CrdWork<Float64x8, double>.RunExponentials(problem),
            (VectorWidth.Bits256, KdElementType.Float32) => CrdWork<Float32x8, float>.RunExponentials(problem),
            (VectorWidth.Bits256, _) => CrdWork<Float64x4, double>.RunExponentials(problem),
            (_, KdElementType.Float32) => CrdWork<Float32x1, float>.RunExponentials(problem),
            _ => CrdWork<Float64x1, double>.RunExponentials(problem),
        };
        double terms = (problem.Count + 1.0) * problem.Anchors.Rows;
        return Math.Exp((1 / problem.Temperature) + Math.Log(sum / terms * problem.Bank.Rows));
    }
}
