using System.Reflection;
using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Cosine;

namespace KdKernels.Kernels.CosineKl;

/// <summary>The divergence of cosines and its gradients; ranks, and the selection by them.</summary>
internal static class CosineKlKernels
{
    private const string Stem = "CosineKl";
    private const int Threads = 512;

    internal static IEnumerable<KernelVariant> Variants =>
    [
        .. Of("float32", typeof(float), typeof(Float32)),
        .. Of("float16", typeof(ushort), typeof(Float16)),
        .. Of("bfloat16", typeof(ushort), typeof(BFloat16)),
        new(Stem, "select", "select", "int64", typeof(CosineKernels).GetMethod(nameof(CosineKernels.Select))!, Threads, 2, 0, "sm_75"),
    ];

    private static IEnumerable<KernelVariant> Of(string name, Type storage, Type element)
    {
        yield return Variant("rows", nameof(CosineKernels.Rows), CosineKernels.Most);
        yield return Variant("normals", nameof(CosineKernels.Normals), CosineKernels.Most);
        yield return Variant("rank", nameof(CosineKernels.Ranks), 0);

        KernelVariant Variant(string kind, string method, int longest)
        {
            MethodInfo kernel = typeof(CosineKernels).GetMethod(method)!.MakeGenericMethod(storage, element);
            return new(Stem, $"{name}-{kind}", kind, name, kernel, Threads, 2, longest, "sm_75");
        }
    }
}
