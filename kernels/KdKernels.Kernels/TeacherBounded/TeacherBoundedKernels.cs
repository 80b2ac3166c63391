using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Maps;

namespace KdKernels.Kernels.TeacherBounded;

/// <summary>The teacher-bounded regression loss of detectors, per box, and its gradient from the same launch.</summary>
internal static class TeacherBoundedKernels
{
    internal static IEnumerable<KernelVariant> Variants =>
    [
        Of("float32", typeof(float), typeof(Float32)),
        Of("float16", typeof(ushort), typeof(Float16)),
        Of("bfloat16", typeof(ushort), typeof(BFloat16)),
    ];

    private static KernelVariant Of(string name, Type storage, Type element) => new(
        "TeacherBounded",
        $"{name}-general",
        "general",
        name,
        typeof(BoundedKernels).GetMethod(nameof(BoundedKernels.Boxes))!.MakeGenericMethod(storage, element),
        MapColumns.Threads,
        4,
        0,
        "sm_75");
}
