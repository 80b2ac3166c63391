using KdKernels.Kernels.Device.Pairs;

namespace KdKernels.Kernels.TotalVariation;

/// <summary>½ Σ|p − q| per row, its gradient from the same read, and the reduced value.</summary>
internal static class TotalVariationKernels
{
    // Its four sums beside the row in registers are two registers too many for two blocks of this one.
    private const string Widest = "float32-block-8192";

    internal static IEnumerable<KernelVariant> Variants =>
        new PairVariants("TotalVariation", typeof(VariationTerm), typeof(PairGeneralBody<,,,>), typeof(PairGeneralBody<,,,>)).All
            .Select(variant => variant.Name == Widest ? variant with { MinBlocks = 1 } : variant);
}
