namespace KdKernels.Core;

/// <summary>DecoupledKd on a GPU.</summary>
internal static class DecoupledKdCuda
{
    /// <inheritdoc cref="KlLauncher.Run"/>
    public static void Run(KlProblem problem, CudaQueue? queue) => KlLauncher.Run(nameof(DecoupledKd), partialsPerTile: 1, problem, queue);
}
