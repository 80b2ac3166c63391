namespace KdKernels.Core;

/// <summary>NoisyLogits on the CPU.</summary>
internal static class NoisyLogitsCpu
{
    public static void Run(SquaredErrorProblem problem) => problem.Run();
}
