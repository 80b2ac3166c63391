namespace KdKernels.Core;

/// <summary>TemperedKl on the CPU.</summary>
internal static class TemperedKlCpu
{
    public static void Run(KlProblem problem) => problem.Run();
}
