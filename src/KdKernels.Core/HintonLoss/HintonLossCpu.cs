namespace KdKernels.Core;

/// <summary>HintonLoss on the CPU.</summary>
internal static class HintonLossCpu
{
    public static void Run(KlProblem problem) => problem.Run();
}
