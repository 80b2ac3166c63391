namespace KdKernels.Core;

/// <summary>LogitRegression on the CPU.</summary>
internal static class LogitRegressionCpu
{
    public static void Run(SquaredErrorProblem problem) => problem.Run();
}
