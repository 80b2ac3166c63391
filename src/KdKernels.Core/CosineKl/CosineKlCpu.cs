namespace KdKernels.Core;

/// <summary>CosineKl on the CPU.</summary>
internal static class CosineKlCpu
{
    public static void Run(CosineProblem problem)
    {
        switch (KdCpu.Width, problem.StudentAugmented.ElementType)
        {
            case (VectorWidth.Bits512, KdElementType.Float32): CosineWork<Float32x16, float>.Run(problem); break;
            case (VectorWidth.Bits512, _): CosineWork<Float64x8, double>.Run(problem); break;
            case (VectorWidth.Bits256, KdElementType.Float32): CosineWork<Float32x8, float>.Run(problem); break;
            case (VectorWidth.Bits256, _): CosineWork<Float64x4, double>.Run(problem); break;
            case (_, KdElementType.Float32): CosineWork<Float32x1, float>.Run(problem); break;
            default: CosineWork<Float64x1, double>.Run(problem); break;
        }
    }
}
