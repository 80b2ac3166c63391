namespace KdKernels.Core;

/// <summary>HintonLoss on a GPU: its blocks sum all of <see cref="HintonTotals"/>.</summary>
internal static class HintonLossCuda
{
    public static void Run(KlProblem problem, CudaQueue? queue) =>
        KlLauncher.Run(nameof(HintonLoss), HintonTotals.Count, problem, queue);
}
