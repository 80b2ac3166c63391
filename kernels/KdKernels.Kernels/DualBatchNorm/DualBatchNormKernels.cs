using KdKernels.Kernels.Device.Dual;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.DualBatchNorm;

/// <summary>Batch normalisation of dual numbers by running statistics, and its gradients.</summary>
internal static class DualBatchNormKernels
{
    internal static IEnumerable<KernelVariant> Variants =>
    [
        .. Of("float32", typeof(float), typeof(QuadFloat32)),
        .. Of("float16", typeof(ushort), typeof(QuadFloat16)),
        .. Of("bfloat16", typeof(ushort), typeof(QuadBFloat16)),
    ];

    private static IEnumerable<KernelVariant> Of(string name, Type storage, Type element)
    {
        // Pairs are packed by an instruction that sm_75 does not have.
        string target = storage == typeof(ushort) ? "sm_80" : "sm_75";
        var vector = typeof(VectorMemory<,>).MakeGenericType(storage, element);
        var scalar = typeof(ScalarMemory<,>).MakeGenericType(storage, element);
        yield return Variant("scale", nameof(NormKernels.Scales), vector, 4, target);
        yield return Variant("backward", nameof(NormKernels.Backwards), vector, 4, target);
        yield return Variant("scale-general", nameof(NormKernels.Scales), scalar, 3, "sm_75");
        yield return Variant("backward-general", nameof(NormKernels.Backwards), scalar, 3, "sm_75");
        yield return Variant("finish", nameof(NormKernels.Finishes), element, 4, "sm_75");

        KernelVariant Variant(string kind, string method, Type second, int minBlocks, string lowest) => new(
            "DualBatchNorm", $"{name}-{kind}", kind, name, typeof(NormKernels).GetMethod(method)!.MakeGenericMethod(storage, second), 256,
            minBlocks, 0, lowest);
    }
}
