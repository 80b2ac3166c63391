namespace KdKernels.Core;

/// <summary>TeacherBounded on the CPU.</summary>
internal static class TeacherBoundedCpu
{
    public static void Run(BoundedProblem problem)
    {
        double divisor = problem.CountDivisor();
        bool single = problem.Student.ElementType == KdElementType.Float32;
        double sum = (KdCpu.Width, single) switch
        {
            (VectorWidth.Bits512, true) => BoundedWork<Float32x16, float>.Run(problem, divisor),
            (VectorWidth.Bits512, false) => BoundedWork<Float64x8, double>.Run(problem, divisor),
            (VectorWidth.Bits256, true) => BoundedWork<Float32x8, float>.Run(problem, divisor),
            (VectorWidth.Bits256, false) => BoundedWork<Float64x4, double>.Run(problem, divisor),
            (_, true) => BoundedWork<Float32x1, float>.Run(problem, divisor),
            (_, false) => BoundedWork<Float64x1, double>.Run(problem, divisor),
        };
        if (problem.Loss is { } loss && problem.Reduction != KdReduction.None) Memory.Write(loss, 0, 0, sum / divisor);
    }
}
