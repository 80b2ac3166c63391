using KdKernels.Kernels.Device.Dual;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.DualMaxPool;

/// <summary>Max pooling of dual numbers, and its gradient.</summary>
internal static class DualMaxPoolKernels
{
    internal static IEnumerable<KernelVariant> Variants =>
    [
        .. Of("float32", typeof(float), typeof(QuadFloat32)),
        .. Of("float16", typeof(ushort), typeof(QuadFloat16)),
        .. Of("bfloat16", typeof(ushort), typeof(QuadBFloat16)),
    ];

    private static IEnumerable<KernelVariant> Of(string name, Type storage, Type element)
    {
        yield return Variant("forward", nameof(PoolKernels.Forwards));
        yield return Variant("backward", nameof(PoolKernels.Backwards));

        KernelVariant Variant(string kind, string method) => new(
            "DualMaxPool", $"{name}-{kind}", kind, name, typeof(PoolKernels).GetMethod(method)!.MakeGenericMethod(storage, element), 256,
            4, 0, "sm_75");
    }
}
