namespace KdKernels.Core;

/// <summary>TotalVariation on the CPU.</summary>
internal static class TotalVariationCpu
{
    public static void Run(KlProblem problem) => problem.Run();
}
