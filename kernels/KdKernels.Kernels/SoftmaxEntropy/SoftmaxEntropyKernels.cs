using System.Reflection;
using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Entropy;

namespace KdKernels.Kernels.SoftmaxEntropy;

/// <summary>The entropy of softmax(logits/T) per row or pixel, its gradient from the same read, and the reduced value.</summary>
internal static class SoftmaxEntropyKernels
{
    private const string Stem = "SoftmaxEntropy";

    internal static IEnumerable<KernelVariant> Variants =>
    [
        .. Of("float32", typeof(float), typeof(Float32)),
        .. Of("float16", typeof(ushort), typeof(Float16)),
        .. Of("bfloat16", typeof(ushort), typeof(BFloat16)),
    ];

    private static IEnumerable<KernelVariant> Of(string name, Type storage, Type element)
    {
        bool narrow = storage == typeof(ushort);
        // Vectors are packed by an instruction that sm_75 does not have.
        string target = narrow ? "sm_80" : "sm_75";
        int perVector = narrow ? 8 : 4;
        foreach (int vectors in narrow ? new[] { 1, 4 } : [1, 4, 8])
        {
            var body = typeof(EntropyResidentBody<,,,>).MakeGenericType(storage, element, typeof(WarpGroup), Slots(vectors));
            int classes = vectors * perVector * 32;
            yield return new(
                Stem, $"{name}-warp-{classes}", "warp", name, Method(nameof(EntropyKernels.Warps), storage, body), 256, 4, classes,
                target);
        }

        foreach (var (threads, vectors, minBlocks) in new[] { (256, 4, 4), (512, 8, 2) })
        {
            var size = KernelSizes.Type(threads);
            var group = typeof(BlockGroup<>).MakeGenericType(size);
            var body = typeof(EntropyResidentBody<,,,>).MakeGenericType(storage, element, group, Slots(vectors));
            int classes = threads * vectors * perVector;
            yield return new(
                Stem, $"{name}-block-{classes}", "block", name, Method(nameof(EntropyKernels.Blocks), storage, size, body), threads,
                minBlocks, classes, target);
        }

        var stream = typeof(EntropyStreamBody<,,>).MakeGenericType(storage, element, typeof(BlockGroup<N512>));
        yield return new(
            Stem, $"{name}-stream", "stream", name, Method(nameof(EntropyKernels.Blocks), storage, typeof(N512), stream), 512, 2, 0,
            target);

        var pixel = typeof(EntropyGeneralBody<,,>).MakeGenericType(storage, element, typeof(ThreadGroup));
        yield return new(
            Stem, $"{name}-pixels", "pixels", name, Method(nameof(EntropyKernels.Pixels), storage, pixel), 128, 8, 0, "sm_75");

        var general = typeof(EntropyGeneralBody<,,>).MakeGenericType(storage, element, typeof(BlockGroup<N256>));
        yield return new(
            Stem, $"{name}-general", "general", name, Method(nameof(EntropyKernels.Blocks), storage, typeof(N256), general), 256, 4, 0,
            "sm_75");
    }

    private static Type Slots(int count) => KernelSizes.Slots(count, typeof(U4));

    private static MethodInfo Method(string name, params Type[] types) =>
        typeof(EntropyKernels).GetMethod(name)!.MakeGenericMethod(types);
}
