using KdKernels.Kernels.Device.Pairs;

namespace KdKernels.Kernels.DecoupledKd;

/// <summary>T² [alpha KL(label against the rest) + beta KL(within the rest)] per row, its gradient, and the reduced value.</summary>
internal static class DecoupledKdKernels
{
    // The label beside the row in registers is a few registers too many for two blocks of this one.
    private const string Widest = "float32-block-8192";

    internal static IEnumerable<KernelVariant> Variants =>
        new PairVariants("DecoupledKd", typeof(DecoupledTerm), typeof(PairGeneralBody<,,,>), typeof(PairGeneralBody<,,,>)).All
            .Select(variant => variant.Name == Widest ? variant with { MinBlocks = 1 } : variant);
}
