using System.Reflection;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>The variants of one op of the family, over its element types.</summary>
internal static class KlVariants
{
    /// <summary>All of them for a stem.</summary>
    internal static IEnumerable<KernelVariant> Of(string stem, Type metrics) =>
    [
        .. OfElement(stem, "float32", typeof(float), typeof(Float32), metrics),
        .. OfElement(stem, "float16", typeof(ushort), typeof(Float16), metrics),
        .. OfElement(stem, "bfloat16", typeof(ushort), typeof(BFloat16), metrics),
    ];

    private static IEnumerable<KernelVariant> OfElement(string stem, string name, Type storage, Type element, Type metrics)
    {
        bool narrow = storage == typeof(ushort);
        // Vectors are packed by an instruction that sm_75 does not have.
        string target = narrow ? "sm_80" : "sm_75";
        int perVector = narrow ? 8 : 4;
        foreach (int vectors in narrow ? new[] { 1, 2, 4 } : [1, 2, 4, 8])
        {
            var body = typeof(KlResidentBody<,,,,>).MakeGenericType(storage, element, typeof(WarpGroup), metrics, KernelSizes.Slots(vectors, typeof(KlPair)));
            int classes = vectors * perVector * 32;
            yield return new(
                stem, $"{name}-warp-{classes}", "warp", name, Method(nameof(KlKernels.Warps), storage, element, metrics, body),
                256, vectors >= 4 ? 2 : 3, classes, target);
        }

        // Registers per thread: 65536 / (threads * blocks). The metrics of HintonLoss need about 20 more than the loss alone.
        bool large = metrics == typeof(On);
        (int Threads, int Vectors, int MinBlocks)[] blocks = (narrow, large) switch
        {
            (true, false) => [(256, 2, 4), (256, 4, 3), (1024, 2, 1), (512, 8, 1)],
            (true, true) => [(256, 2, 3), (256, 4, 2), (512, 4, 1), (512, 8, 1)],
            (false, false) => [(256, 4, 3), (512, 4, 2), (1024, 4, 1)],
            (false, true) => [(256, 4, 3), (1024, 2, 1)],
        };
        foreach (var (threads, vectors, minBlocks) in blocks)
        {
            var group = typeof(BlockGroup<>).MakeGenericType(KernelSizes.Type(threads));
            var body = typeof(KlResidentBody<,,,,>).MakeGenericType(storage, element, group, metrics, KernelSizes.Slots(vectors, typeof(KlPair)));
            int classes = threads * vectors * perVector;
            yield return new(
                stem, $"{name}-block-{classes}", "block", name,
                Method(nameof(KlKernels.Blocks), storage, element, metrics, KernelSizes.Type(threads), body), threads, minBlocks, classes, target);
        }

        var (streamThreads, streamBlocks) = large | narrow ? (256, 3) : (512, 2);
        var streamGroup = typeof(BlockGroup<>).MakeGenericType(KernelSizes.Type(streamThreads));
        var stream = typeof(KlStreamBody<,,,>).MakeGenericType(storage, element, streamGroup, metrics);
        yield return new(
            stem, $"{name}-stream", "stream", name,
            Method(nameof(KlKernels.Blocks), storage, element, metrics, KernelSizes.Type(streamThreads), stream),
            streamThreads, streamBlocks, 0, target);

        var pixels = typeof(KlPixelsBody<,,>).MakeGenericType(storage, element, metrics);
        yield return new(
            stem, $"{name}-pixels", "pixels", name, Method(nameof(KlKernels.Pixels), storage, element, metrics, pixels), 128, 5, 0,
            "sm_75");
        if (metrics == typeof(Off))
        {
            yield return new(
                stem, $"{name}-split", "split", name, Method(nameof(KlKernels.Split), storage, element), 256, 3, 0, "sm_75");
        }

        var general = typeof(KlGeneralBody<,,,>).MakeGenericType(storage, element, typeof(BlockGroup<N256>), metrics);
        yield return new(
            stem, $"{name}-general", "general", name,
            Method(nameof(KlKernels.Blocks), storage, element, metrics, typeof(N256), general), 256, 4, 0, "sm_75");
    }

    private static MethodInfo Method(string name, params Type[] types) =>
        typeof(KlKernels).GetMethod(name)!.MakeGenericMethod(types);
}
