using KdKernels.Kernels.Device.Kl;
using KdKernels.Kernels.Device.Pairs;

namespace KdKernels.Kernels.DecoupledKd;

/// <summary>T² [alpha KL(label against the rest) + beta KL(within the rest)] per row, its gradient, and the reduced value.</summary>
internal static class DecoupledKdKernels
{
    internal static IEnumerable<KernelVariant> Variants =>
        new PairVariants("DecoupledKd", typeof(DecoupledTerm), typeof(PairGeneralBody<,,,>), typeof(PairGeneralBody<,,,>)).All;
}
