using KdKernels.Kernels.Device;
using KdKernels.Kernels.Device.Kl;

namespace KdKernels.Kernels.TemperedKl;

/// <summary>T² KL(softmax(teacher/T) ‖ softmax(student/T)) per row, its gradient from the same read, and the reduced value.</summary>
internal static class TemperedKlKernels
{
    internal static IEnumerable<KernelVariant> Variants =>
    [
        .. KlVariants.Of("TemperedKl", typeof(Off)),
        new(
            "TemperedKl", "count", "count", "int64", typeof(KlKernels).GetMethod(nameof(KlKernels.Count))!, 1024, 1, 0, "sm_75"),
    ];
}
