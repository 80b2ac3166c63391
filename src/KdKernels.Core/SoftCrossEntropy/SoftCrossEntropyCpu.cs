namespace KdKernels.Core;

/// <summary>SoftCrossEntropy on the CPU.</summary>
internal static class SoftCrossEntropyCpu
{
    public static void Run(KlProblem problem) => problem.Run();
}
