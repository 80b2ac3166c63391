namespace KdKernels.Core;

/// <summary>NoiseProbe on the CPU.</summary>
internal static class NoiseProbeCpu
{
    public static void Forward(NoiseProbeProblem problem)
    {
        switch (KdCpu.Width, problem.Copies.ElementType == KdElementType.Float32)
        {
            case (VectorWidth.Bits512, true): NoiseForwardWork<Float32x16, float>.Run(problem); break;
            case (VectorWidth.Bits512, false): NoiseForwardWork<Float64x8, double>.Run(problem); break;
            case (VectorWidth.Bits256, true): NoiseForwardWork<Float32x8, float>.Run(problem); break;
            case (VectorWidth.Bits256, false): NoiseForwardWork<Float64x4, double>.Run(problem); break;
            case (_, true): NoiseForwardWork<Float32x1, float>.Run(problem); break;
            default: NoiseForwardWork<Float64x1, double>.Run(problem); break;
        }
    }

    public static void Backward(NoiseProbeProblem problem)
    {
        switch (KdCpu.Width, problem.Copies.ElementType == KdElementType.Float32)
        {
            case (VectorWidth.Bits512, true): NoiseBackwardWork<Float32x16, float>.Run(problem); break;
            case (VectorWidth.Bits512, false): NoiseBackwardWork<Float64x8, double>.Run(problem); break;
            case (VectorWidth.Bits256, true): NoiseBackwardWork<Float32x8, float>.Run(problem); break;
            case (VectorWidth.Bits256, false): NoiseBackwardWork<Float64x4, double>.Run(problem); break;
            case (_, true): NoiseBackwardWork<Float32x1, float>.Run(problem); break;
            default: NoiseBackwardWork<Float64x1, double>.Run(problem); break;
        }
    }
}
