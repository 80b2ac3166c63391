using KdKernels.Kernels.Device.Pairs;

namespace KdKernels.Kernels.SoftCrossEntropy;

/// <summary>−T² Σ w p log q per row, its gradient from the same read, and the reduced value.</summary>
internal static class SoftCrossEntropyKernels
{
    internal static IEnumerable<KernelVariant> Variants =>
        new PairVariants("SoftCrossEntropy", typeof(CrossEntropyTerm), typeof(PairGeneralBody<,,,>), typeof(PairGeneralBody<,,,>)).All;
}
