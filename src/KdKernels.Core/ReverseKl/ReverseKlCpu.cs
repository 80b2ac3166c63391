namespace KdKernels.Core;

/// <summary>ReverseKl on the CPU.</summary>
internal static class ReverseKlCpu
{
    public static void Run(KlProblem problem) => problem.Run();
}
