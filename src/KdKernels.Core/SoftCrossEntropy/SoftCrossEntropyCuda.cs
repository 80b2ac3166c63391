namespace KdKernels.Core;

/// <summary>SoftCrossEntropy on a GPU.</summary>
internal static class SoftCrossEntropyCuda
{
    /// <inheritdoc cref="KlLauncher.Run"/>
    public static void Run(KlProblem problem, CudaQueue? queue) =>
        KlLauncher.Run(nameof(SoftCrossEntropy), partialsPerTile: 1, problem, queue);
}
