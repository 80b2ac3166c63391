using System.Reflection;
using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Noise;

namespace KdKernels.Kernels.PixelEntropy;

/// <summary>The entropy of noise of given deviations, its reductions and gradient, and the knowledge points that follow.</summary>
internal static class PixelEntropyKernels
{
    private const string Stem = "PixelEntropy";

    internal static IEnumerable<KernelVariant> Variants =>
    [
        .. Of("float32", typeof(float), typeof(Float32)),
        .. Of("float16", typeof(ushort), typeof(Float16)),
        .. Of("bfloat16", typeof(ushort), typeof(BFloat16)),
    ];

    private static IEnumerable<KernelVariant> Of(string name, Type storage, Type element)
    {
        // Vectors are packed by an instruction that sm_75 does not have.
        string target = storage == typeof(ushort) ? "sm_80" : "sm_75";
        yield return Sum("flat", typeof(PixelVectors<,>), target);
        yield return Sum("any", typeof(PixelElements<,>), "sm_75");
        yield return Points("points", typeof(On));
        yield return Points("points-any", typeof(Off));

        KernelVariant Sum(string kind, Type access, string lowest) => Variant(
            kind,
            typeof(PixelKernels).GetMethod(nameof(PixelKernels.Sum))!.MakeGenericMethod(
                storage, element, access.MakeGenericType(storage, element)),
            lowest);

        KernelVariant Points(string kind, Type vectors) => Variant(
            kind,
            typeof(PixelCounts).GetMethod(nameof(PixelCounts.Count))!.MakeGenericMethod(storage, element, vectors),
            "sm_75");

        KernelVariant Variant(string kind, MethodInfo method, string lowest) =>
            new(
                Stem, $"{name}-{kind}", kind, name, method, PixelKernels.Threads, 3, 0, lowest);
    }
}
