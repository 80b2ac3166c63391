using KdKernels.Kernels.Device.Dual;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.DualRelu;

/// <summary>ReLU of dual numbers and its gradient: every block of a stack masked by the first.</summary>
internal static class DualReluKernels
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
        yield return Variant("flat", typeof(VectorMemory<,>), target);
        yield return Variant("general", typeof(ScalarMemory<,>), "sm_75");

        KernelVariant Variant(string kind, Type memory, string lowest)
        {
            var method = typeof(MaskKernels).GetMethod(nameof(MaskKernels.Masks))!;
            var types = new[] { storage, memory.MakeGenericType(storage, element) };
            return new("DualRelu", $"{name}-{kind}", kind, name, method.MakeGenericMethod(types), 256, 4, 0, lowest);
        }
    }
}
