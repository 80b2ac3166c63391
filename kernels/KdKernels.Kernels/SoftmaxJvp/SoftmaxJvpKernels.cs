using System.Reflection;
using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Jvp;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.SoftmaxJvp;

/// <summary>Jacobian-vector products of the tempered softmax or log-softmax, and their gradients.</summary>
internal static class SoftmaxJvpKernels
{
    private const string Stem = "SoftmaxJvp";

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

        Type warp = typeof(QuadWarp), block = typeof(QuadBlock);
        yield return Variant("forward", 128, warp, 4, target, ResidentForward(storage, vector, warp, 1, 4));
        yield return Variant("forward", 1024, block, 4, target, ResidentForward(storage, vector, block, 1, 4));
        yield return Variant("forward", 4096, block, 2, target, ResidentForward(storage, vector, block, 4, 2));
        yield return Variant("forward", 0, block, 3, target, Stream(typeof(JvpStreamForward<,,,>), storage, vector, block, 4));
        yield return Variant("forward-general", 0, warp, 2, "sm_75", Stream(typeof(JvpStreamForward<,,,>), storage, scalar, warp, 4));
        yield return Variant("backward", 128, warp, 3, target, ResidentBackward(storage, vector, warp, 1, 2));
        yield return Variant("backward", 1024, block, 3, target, ResidentBackward(storage, vector, block, 1, 2));
        yield return Variant("backward", 0, block, 3, target, Stream(typeof(JvpStreamBackward<,,,>), storage, vector, block, 2));
        yield return Variant("backward-general", 0, warp, 2, "sm_75", Stream(typeof(JvpStreamBackward<,,,>), storage, scalar, warp, 2));

        KernelVariant Variant(string kind, int classes, Type group, int minBlocks, string lowest, Type body) => new(
            Stem, $"{name}-{kind}{(classes > 0 ? $"-{classes}" : "")}", kind, name, Method(storage, group, body), 256, minBlocks,
            classes, lowest);
    }

    private static Type ResidentForward(Type storage, Type memory, Type group, int quads, int tangents)
    {
        var tile = KernelSizes.Slots(tangents, typeof(Quad));
        var slots = KernelSizes.Slots(quads, typeof(JvpSlot<>).MakeGenericType(tile));
        return typeof(JvpResidentForward<,,,,>).MakeGenericType(storage, memory, group, tile, slots);
    }

    private static Type ResidentBackward(Type storage, Type memory, Type group, int quads, int tangents)
    {
        var tile = KernelSizes.Slots(tangents, typeof(Quad));
        var slots = KernelSizes.Slots(quads, typeof(JvpBackwardSlot<>).MakeGenericType(tile));
        return typeof(JvpResidentBackward<,,,,>).MakeGenericType(storage, memory, group, tile, slots);
    }

    private static Type Stream(Type body, Type storage, Type memory, Type group, int tangents) =>
        body.MakeGenericType(storage, memory, group, KernelSizes.Slots(tangents, typeof(Quad)));

    private static MethodInfo Method(params Type[] types) =>
        typeof(JvpKernels).GetMethod(nameof(JvpKernels.Units))!.MakeGenericMethod(types);
}
