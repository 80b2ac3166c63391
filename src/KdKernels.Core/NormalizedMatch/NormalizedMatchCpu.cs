namespace KdKernels.Core;

/// <summary>NormalizedMatch on the CPU.</summary>
internal static class NormalizedMatchCpu
{
    public static void Run(MatchProblem problem)
    {
        bool single = problem.Student.ElementType == KdElementType.Float32;
        double sum = (KdCpu.Width, single) switch
        {
            (VectorWidth.Bits512, true) => new MatchWork<Float32x16, float, Float64x8>(problem).Run(),
            (VectorWidth.Bits512, false) => new MatchWork<Float64x8, double, Float64x8>(problem).Run(),
            (VectorWidth.Bits256, true) => new MatchWork<Float32x8, float, Float64x4>(problem).Run(),
            (VectorWidth.Bits256, false) => new MatchWork<Float64x4, double, Float64x4>(problem).Run(),
            (_, true) => new MatchWork<Float32x1, float, Float64x1>(problem).Run(),
            (_, false) => new MatchWork<Float64x1, double, Float64x1>(problem).Run(),
        };
        if (problem.Loss is { } loss && problem.Settings.Reduction != KdReduction.None)
            Memory.Write(loss, 0, 0, sum / problem.Divisor);
    }
}
