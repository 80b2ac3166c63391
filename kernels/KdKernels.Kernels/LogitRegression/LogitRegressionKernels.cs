using System.Reflection;
using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Kl;
using KdKernels.Kernels.Device.Regression;

namespace KdKernels.Kernels.LogitRegression;

/// <summary>½ Σ (s − t)² per row, both gradients from the same read, and the reduced value.</summary>
internal static class LogitRegressionKernels
{
    private const string Stem = "LogitRegression";

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
        Type Body(Type open, Type group) => open.MakeGenericType(storage, element, group);
        MethodInfo Method(string kernel, params Type[] types) =>
            typeof(KlKernels).GetMethod(kernel)!.MakeGenericMethod([storage, element, typeof(Off), .. types]);

        yield return new(
            Stem, $"{name}-warp-1024", "warp", name,
            Method(nameof(KlKernels.Warps), Body(typeof(RegressionBody<,,>), typeof(WarpGroup))), 256, 3, 1024, target);
        yield return new(
            Stem, $"{name}-block", "block", name,
            Method(nameof(KlKernels.Blocks), typeof(N256), Body(typeof(RegressionBody<,,>), typeof(BlockGroup<N256>))), 256, 3, 0, target);
        yield return new(
            Stem, $"{name}-pixels", "pixels", name,
            Method(nameof(KlKernels.Pixels), Body(typeof(RegressionStridedBody<,,>), typeof(ThreadGroup))), 128, 8, 0, "sm_75");
        yield return new(
            Stem, $"{name}-general", "general", name,
            Method(nameof(KlKernels.Blocks), typeof(N256), Body(typeof(RegressionStridedBody<,,>), typeof(BlockGroup<N256>))), 256, 4, 0,
            "sm_75");
    }
}
