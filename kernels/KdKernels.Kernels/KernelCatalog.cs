using KdKernels.Kernels.HintonLoss;
using KdKernels.Kernels.SoftmaxEntropy;
using KdKernels.Kernels.TemperedKl;

namespace KdKernels.Kernels;

/// <summary>Every kernel that is compiled ahead of time.</summary>
public static class KernelCatalog
{
    /// <summary>All variants, in the order of the manifest.</summary>
    public static IEnumerable<KernelVariant> All =>
        [.. TemperedKlKernels.Variants, .. HintonLossKernels.Variants, .. SoftmaxEntropyKernels.Variants];
}
