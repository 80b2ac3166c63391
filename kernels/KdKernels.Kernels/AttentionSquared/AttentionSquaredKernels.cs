using System.Reflection;
using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Maps;

namespace KdKernels.Kernels.AttentionSquared;

/// <summary>Attention maps, the distance of a student's and a teacher's, and the gradients of both.</summary>
internal static class AttentionSquaredKernels
{
    private const string Stem = "AttentionSquared";

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
        return
        [
            new(Stem, $"{name}-planes", "planes", name, Method(storage, element, typeof(PlaneBody<,>)), MapColumns.Threads, 3, 0, target),
            new(Stem, $"{name}-pixels", "pixels", name, Method(storage, element, typeof(PixelBody<,>)), MapColumns.Threads, 3, 0, target),
            new(Stem, $"{name}-general", "general", name, Method(storage, element, typeof(GeneralBody<,>)), MapColumns.Threads, 3, 0, "sm_75"),
        ];
    }

    private static MethodInfo Method(Type storage, Type element, Type body) => typeof(AttentionKernels)
        .GetMethod(nameof(AttentionKernels.Maps))!
        .MakeGenericMethod(storage, element, body.MakeGenericType(storage, element));
}
