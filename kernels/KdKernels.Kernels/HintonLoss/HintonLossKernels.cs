using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.HintonLoss;

/// <summary>(1 − alpha) CE + alpha T² KL per row with the metrics that a trainer logs, and the gradient from the same read.</summary>
internal static class HintonLossKernels
{
    internal static IEnumerable<KernelVariant> Variants => KlVariants.Of("HintonLoss", typeof(On));
}
