namespace KdKernels.Core;

/// <summary>DecoupledKd on the CPU.</summary>
internal static class DecoupledKdCpu
{
    public static void Run(KlProblem problem) => problem.Run();
}
