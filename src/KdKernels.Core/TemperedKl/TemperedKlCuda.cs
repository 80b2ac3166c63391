namespace KdKernels.Core;

/// <summary>TemperedKl on a GPU.</summary>
internal static class TemperedKlCuda
{
    public static void Run(KlProblem problem, CudaQueue? queue) =>
        KlLauncher.Run(nameof(TemperedKl), partialsPerTile: 1, problem, queue);
}
