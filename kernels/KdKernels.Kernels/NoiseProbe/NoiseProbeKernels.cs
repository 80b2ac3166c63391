using System.Reflection;
using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Noise;

namespace KdKernels.Kernels.NoiseProbe;

/// <summary>Noisy copies of images and the gradient of the noise's deviations; the noise exists in registers only.</summary>
internal static class NoiseProbeKernels
{
    private const string Stem = "NoiseProbe";

    internal static IEnumerable<KernelVariant> Variants =>
    [
        .. Of("float32", typeof(float), typeof(Float32)),
        .. Of("float16", typeof(ushort), typeof(Float16)),
        .. Of("bfloat16", typeof(ushort), typeof(BFloat16)),
    ];

    private static IEnumerable<KernelVariant> Of(string name, Type storage, Type element)
    {
        bool narrow = storage == typeof(ushort);
        // Vectors are packed by an instruction that sm_75 does not have.
        string target = narrow ? "sm_80" : "sm_75";
        int widest = ProbeKernels.MostVectorsPerLine * (narrow ? 8 : 4);
        yield return Variant("forward", typeof(ProbeKernels), nameof(ProbeKernels.Forward), widest, target);
        yield return Variant("backward", typeof(ProbeKernels), nameof(ProbeKernels.Backward), widest, "sm_75");
        yield return Variant("forward-any", typeof(ProbeAnyKernels), nameof(ProbeAnyKernels.Forward), 0, "sm_75");
        yield return Variant("backward-any", typeof(ProbeAnyKernels), nameof(ProbeAnyKernels.Backward), 0, "sm_75");

        KernelVariant Variant(string kind, Type kernels, string method, int most, string lowest) => new(
            Stem, $"{name}-{kind}", kind, name, kernels.GetMethod(method)!.MakeGenericMethod(storage, element), ProbeKernels.Threads, narrow ? 4 : 5,
            most, lowest);
    }
}
