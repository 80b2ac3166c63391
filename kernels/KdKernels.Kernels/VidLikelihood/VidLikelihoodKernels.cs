using System.Reflection;
using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Maps;

namespace KdKernels.Kernels.VidLikelihood;

/// <summary>The Gaussian likelihood of a teacher's features, and the gradients of mean and variances from the same read.</summary>
internal static class VidLikelihoodKernels
{
    private const string Stem = "VidLikelihood";

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
            new(Stem, $"{name}-planes", "planes", name, Channels(storage, element, typeof(VidPlaneBody<,>)), MapColumns.Threads, 3, 0, target),
            new(Stem, $"{name}-general", "general", name, Channels(storage, element, typeof(VidGeneralBody<,>)), MapColumns.Threads, 4, 0, "sm_75"),
            new(Stem, $"{name}-rows", "rows", name, Method(nameof(VidKernels.Rows), storage, element), MapColumns.Threads, 4, 0, "sm_75"),
        ];
    }

    private static MethodInfo Channels(Type storage, Type element, Type body) =>
        Method(nameof(VidKernels.Channels), storage, element, body.MakeGenericType(storage, element));

    private static MethodInfo Method(string name, params Type[] types) =>
        typeof(VidKernels).GetMethod(name)!.MakeGenericMethod(types);
}
