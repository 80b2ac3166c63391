namespace KdKernels.Core;

/// <summary>SoftmaxEntropy on the CPU.</summary>
internal static class SoftmaxEntropyCpu
{
    // Beyond these, 1/T and the tempered differences leave single precision; float32 logits are then widened.
    private const double SmallestSingle = 1.0 / (1 << 20);
    private const double LargestSingle = 1 << 20;

    public static void Run(EntropyProblem problem)
    {
        bool single = problem.Logits.ElementType == KdElementType.Float32
            && problem.Temperature is >= SmallestSingle and <= LargestSingle;
        double sum = (KdCpu.Width, single) switch
        {
            (VectorWidth.Bits512, true) => EntropyWork<Float32x16, float>.Run(problem),
            (VectorWidth.Bits512, false) => EntropyWork<Float64x8, double>.Run(problem),
            (VectorWidth.Bits256, true) => EntropyWork<Float32x8, float>.Run(problem),
            (VectorWidth.Bits256, false) => EntropyWork<Float64x4, double>.Run(problem),
            (_, true) => EntropyWork<Float32x1, float>.Run(problem),
            (_, false) => EntropyWork<Float64x1, double>.Run(problem),
        };
        if (problem.Loss is { } loss && problem.Reduction != KdReduction.None)
            Memory.Write(loss, 0, 0, sum / problem.Divisor);
    }
}
