using System.Reflection;
using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Match;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.NormalizedMatch;

/// <summary>The squared distance of normalised rows, its gradient, and the reduced value.</summary>
internal static class NormalizedMatchKernels
{
    private const string Stem = "NormalizedMatch";

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
        const string sums = nameof(MatchKernels.Sums), gradients = nameof(MatchKernels.Gradients);
        yield return new(Stem, $"{name}-sums-4096", "sums", name, Method(sums, storage, vector, 4), 256, 3, 4096, target);
        yield return new(Stem, $"{name}-sums", "sums", name, Method(sums, storage, vector, 8), 256, 2, 0, target);
        yield return new(Stem, $"{name}-gradients", "gradients", name, Method(gradients, storage, vector, 8), 256, 2, 0, target);
        yield return new(Stem, $"{name}-sums-general", "sums-general", name, Method(sums, storage, scalar, 4), 256, 3, 0, "sm_75");
        yield return new(
            Stem, $"{name}-gradients-general", "gradients-general", name, Method(gradients, storage, scalar, 4), 256, 2, 0, "sm_75");
    }

    private static MethodInfo Method(string name, Type storage, Type memory, int quads) =>
        typeof(MatchKernels).GetMethod(name)!.MakeGenericMethod(storage, memory, KernelSizes.Slots(quads, typeof(MatchPair)));
}
