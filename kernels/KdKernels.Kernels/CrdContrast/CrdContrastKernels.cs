using System.Reflection;
using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Contrast;

namespace KdKernels.Kernels.CrdContrast;

/// <summary>
/// Anchors against rows of a bank: the contrastive loss with its gradient from one visit of each row, Z, the draws of negatives, and
/// the update of the bank.
/// </summary>
internal static class CrdContrastKernels
{
    private const string Stem = "CrdContrast";

    internal static IEnumerable<KernelVariant> Variants =>
    [
        .. Of("float32", typeof(float), typeof(Float32), typeof(Float32Cell)),
        .. Of("float16", typeof(ushort), typeof(Float16), typeof(Float16Cell)),
        .. Of("bfloat16", typeof(ushort), typeof(BFloat16), typeof(BFloat16Cell)),
        new(Stem, "draw", "draw", "int64", typeof(CrdKernels).GetMethod(nameof(CrdKernels.Draws))!, 256, 4, 0, "sm_75"),
    ];

    private static IEnumerable<KernelVariant> Of(string name, Type storage, Type element, Type cell)
    {
        bool narrow = storage == typeof(ushort);
        // The assembler widens float16 early, by an instruction that no other unit has; that takes registers.
        bool half = element == typeof(Float16);
        yield return Rows(128, vectors: 1, narrow ? typeof(HalfWarpRows128) : typeof(WarpRows128), minBlocks: half ? 2 : 3);
        yield return Rows(512, vectors: narrow ? 2 : 4, typeof(WarpRows512), minBlocks: narrow & !half ? 2 : 1);
        var general = typeof(CrdElementBody<,>).MakeGenericType(storage, element);
        yield return new(
            Stem, $"{name}-general", "general", name, Method(typeof(CrdKernels), nameof(CrdKernels.Tiles), storage, element, general), 256,
            4, 1024, "sm_75");
        yield return new(
            Stem, $"{name}-update", "update", name, Method(typeof(CrdUpdates), nameof(CrdUpdates.Warps), storage, element, cell), 256, 4, 0,
            "sm_75");

        KernelVariant Rows(int length, int vectors, Type layout, int minBlocks)
        {
            var slots = KernelSizes.Slots(vectors, typeof(CrdVector));
            var body = typeof(CrdVectorBody<,,,>).MakeGenericType(storage, element, layout, slots);
            return new(
                Stem, $"{name}-rows-{length}", "rows", name, Method(typeof(CrdKernels), nameof(CrdKernels.Tiles), storage, element, body),
                256, minBlocks, length, "sm_75");
        }
    }

    private static MethodInfo Method(Type type, string name, params Type[] types) => type.GetMethod(name)!.MakeGenericMethod(types);
}
