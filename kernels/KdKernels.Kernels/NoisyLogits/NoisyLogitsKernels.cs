using KdKernels.Kernels.Device.Noisy;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.NoisyLogits;

/// <summary>½ Σ (s − (1 + ξ)t)² per row, both gradients from the same read, and the reduced value; ξ exists in registers only.</summary>
internal static class NoisyLogitsKernels
{
    private const string Stem = "NoisyLogits";

    internal static IEnumerable<KernelVariant> Variants =>
    [
        .. Of("float32", typeof(float), typeof(QuadFloat32)),
        .. Of("float16", typeof(ushort), typeof(QuadFloat16)),
        .. Of("bfloat16", typeof(ushort), typeof(QuadBFloat16)),
    ];

    private static IEnumerable<KernelVariant> Of(string name, Type storage, Type element)
    {
        // Four elements are packed by an instruction that sm_75 does not have.
        string target = storage == typeof(ushort) ? "sm_80" : "sm_75";
        yield return Variant("warp-1024", "warp", nameof(NoisyKernels.Warps), 256, 4, 1024, target);
        yield return Variant("block", "block", nameof(NoisyKernels.Blocks), 256, 4, 0, target);
        yield return Variant("pixels", "pixels", nameof(NoisyKernels.Pixels), 128, 8, 0, "sm_75");

        KernelVariant Variant(string suffix, string kind, string method, int threads, int blocks, int most, string lowest) => new(
            Stem, $"{name}-{suffix}", kind, name, typeof(NoisyKernels).GetMethod(method)!.MakeGenericMethod(storage, element), threads, blocks,
            most, lowest);
    }
}
