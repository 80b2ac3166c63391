namespace KdKernels.Core;

/// <summary>TotalVariation on a GPU.</summary>
internal static class TotalVariationCuda
{
    /// <inheritdoc cref="KlLauncher.Run"/>
    public static void Run(KlProblem problem, CudaQueue? queue) => KlLauncher.Run(nameof(TotalVariation), partialsPerTile: 1, problem, queue);
}
