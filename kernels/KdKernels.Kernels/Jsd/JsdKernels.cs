using KdKernels.Kernels.Device.Kl;
using KdKernels.Kernels.Device.Pairs;

namespace KdKernels.Kernels.Jsd;

/// <summary>T² [beta KL(p ‖ m) + (1 − beta) KL(q ‖ m)] per row, its gradient from the same read, and the reduced value.</summary>
internal static class JsdKernels
{
    internal static IEnumerable<KernelVariant> Variants =>
        new PairVariants("Jsd", typeof(JsdTerm), typeof(PairLimitBody<,,,>), typeof(PairGeneralBody<,,,>)).All;
}
