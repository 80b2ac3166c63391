using System.Reflection;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.Device.Pairs;

/// <summary>The variants of one op of the family, over its element types.</summary>
/// <param name="Stem">The op.</param>
/// <param name="Term">Its <see cref="IPairTerm"/>.</param>
/// <param name="General">Open type of what the general kernel does with a row, of storage, element type and group (and term).</param>
/// <param name="Fallback">The same for a row that the cheap forms of a fast kernel are not good enough for.</param>
internal sealed record PairVariants(string Stem, Type Term, Type General, Type Fallback)
{
    /// <summary>All of them.</summary>
    internal IEnumerable<KernelVariant> All =>
    [
        .. OfElement("float32", typeof(float), typeof(Float32)),
        .. OfElement("float16", typeof(ushort), typeof(Float16)),
        .. OfElement("bfloat16", typeof(ushort), typeof(BFloat16)),
    ];

    private IEnumerable<KernelVariant> OfElement(string name, Type storage, Type element)
    {
        bool narrow = storage == typeof(ushort);
        // Vectors are packed by an instruction that sm_75 does not have.
        string target = narrow ? "sm_80" : "sm_75";
        var warp = Resident(storage, element, typeof(WarpGroup), narrow ? 4 : 8);
        yield return new(
            Stem, $"{name}-warp-1024", "warp", name, Method(nameof(KlKernels.Warps), storage, element, typeof(Off), warp), 256, 2, 1024,
            target);

        // Registers per thread: 65536 / (threads * blocks).
        var (threads, minBlocks) = narrow ? (256, 3) : (512, 2);
        var size = KernelSizes.Type(threads);
        var block = Resident(storage, element, typeof(BlockGroup<>).MakeGenericType(size), 4);
        yield return new(
            Stem, $"{name}-block-8192", "block", name, Method(nameof(KlKernels.Blocks), storage, element, typeof(Off), size, block),
            threads, minBlocks, 8192, target);

        var (streamThreads, streamBlocks) = narrow ? (256, 3) : (512, 2);
        var streamSize = KernelSizes.Type(streamThreads);
        var streamGroup = typeof(BlockGroup<>).MakeGenericType(streamSize);
        var stream = typeof(PairStreamBody<,,,,>).MakeGenericType(storage, element, streamGroup, Term, Body(Fallback, storage, element, streamGroup));
        yield return new(
            Stem, $"{name}-stream", "stream", name,
            Method(nameof(KlKernels.Blocks), storage, element, typeof(Off), streamSize, stream), streamThreads, streamBlocks,
            0, target);

        var pixels = typeof(PairPixelBody<,,,>).MakeGenericType(
            storage, element, Term, Body(Fallback, storage, element, typeof(ThreadGroup)));
        yield return new(
            Stem, $"{name}-pixels", "pixels", name, Method(nameof(KlKernels.Pixels), storage, element, typeof(Off), pixels), 128, 5, 0,
            "sm_75");

        yield return new(
            Stem, $"{name}-general", "general", name,
            Method(nameof(KlKernels.Blocks), storage, element, typeof(Off), typeof(N256), Body(General, storage, element, typeof(BlockGroup<N256>))),
            256, 4, 0, "sm_75");
    }

    private Type Resident(Type storage, Type element, Type group, int vectors) =>
        typeof(PairResidentBody<,,,,,>).MakeGenericType(
            storage, element, group, Term, Body(Fallback, storage, element, group), KernelSizes.Slots(vectors, typeof(KlPair)));

    private Type Body(Type open, Type storage, Type element, Type group) => open.GetGenericArguments().Length == 4
        ? open.MakeGenericType(storage, element, group, open.GetGenericArguments()[3].Name == "TMetrics" ? typeof(Off) : Term)
        : open.MakeGenericType(storage, element, group);

    private static MethodInfo Method(string name, params Type[] types) =>
        typeof(KlKernels).GetMethod(name)!.MakeGenericMethod(types);
}
