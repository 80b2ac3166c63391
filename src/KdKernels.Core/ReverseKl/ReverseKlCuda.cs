namespace KdKernels.Core;

/// <summary>ReverseKl on a GPU: its kernels' teacher is the student.</summary>
internal static class ReverseKlCuda
{
    /// <inheritdoc cref="KlLauncher.Run"/>
    public static void Run(KlProblem problem, CudaQueue? queue) => KlLauncher.Run(nameof(ReverseKl), partialsPerTile: 1, problem, queue);
}
