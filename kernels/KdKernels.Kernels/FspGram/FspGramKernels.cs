using System.Reflection;
using KdKernels.Kernels.Device.Gram;

namespace KdKernels.Kernels.FspGram;

/// <summary>The FSP matrices of two layers, the loss of a student's and a teacher's, and the gradients of both.</summary>
internal static class FspGramKernels
{
    private const string Stem = "FspGram";

    internal static IEnumerable<KernelVariant> Variants =>
    [
        .. Of("float32", typeof(float), typeof(GramFloat), typeof(FloatPlanes), typeof(ThreeTf32), typeof(ThreeTf32)),
        .. Planes("float32", "tf32-", typeof(float), typeof(GramFloat), typeof(FloatPlanes), typeof(OneTf32), typeof(OneTf32)),
        .. Of(
            "float16", typeof(ushort), typeof(GramHalf), typeof(NarrowPlanes<GramHalf>), typeof(HalfProduct), typeof(Tf32ByNarrow)),
        .. Of(
            "bfloat16", typeof(ushort), typeof(GramBFloat), typeof(NarrowPlanes<GramBFloat>), typeof(BFloatProduct), typeof(Tf32ByNarrow)),
        Variant("float32", "norms", typeof(FspFinish).GetMethod(nameof(FspFinish.Norms))!, 256, 4),
    ];

    private static IEnumerable<KernelVariant> Of(
        string name, Type storage, Type element, Type planes, Type product, Type gradientProduct)
    {
        foreach (var variant in Planes(name, "", storage, element, planes, product, gradientProduct)) yield return variant;
        yield return Gram(name, "gram-general", storage, typeof(GramGeneral<,>).MakeGenericType(storage, element), typeof(ThreeTf32));
        yield return Gradient(
            name, "gradient-general", storage, typeof(GeneralGradient<,>).MakeGenericType(storage, element), typeof(ThreeTf32), 1);
        var unpool = typeof(FspGradientKernels).GetMethod(nameof(FspGradientKernels.Unpool))!.MakeGenericMethod(storage, element);
        yield return Variant(name, "unpool", unpool, FspGradientKernels.UnpoolThreads, 4);
    }

    private static IEnumerable<KernelVariant> Planes(
        string name, string precision, Type storage, Type element, Type planes, Type product, Type gradientProduct)
    {
        yield return Gram(name, $"{precision}gram", storage, typeof(GramPlanes<,>).MakeGenericType(storage, element), product);
        yield return Gradient(name, $"{precision}gradient", storage, planes, gradientProduct, 2);
    }

    private static KernelVariant Gram(string type, string kind, Type storage, Type source, Type product) => Variant(
        type, kind, typeof(FspKernels).GetMethod(nameof(FspKernels.Matrices))!.MakeGenericMethod(storage, source, product),
        FspKernels.Threads, 3);

    private static KernelVariant Gradient(
        string type, string kind, Type storage, Type source, Type product, int minBlocks) => Variant(
        type, kind,
        typeof(FspGradientKernels).GetMethod(nameof(FspGradientKernels.Gradients))!.MakeGenericMethod(storage, source, product),
        FspGradientKernels.Threads, minBlocks);

    private static KernelVariant Variant(string type, string kind, MethodInfo method, int threads, int minBlocks) =>
        new(Stem, $"{type}-{kind}", kind, type, method, threads, minBlocks, 0, "sm_80");
}
