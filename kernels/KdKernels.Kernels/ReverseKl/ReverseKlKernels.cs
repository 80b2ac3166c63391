using KdKernels.Kernels.Device.Kl;
using KdKernels.Kernels.Device.Pairs;

namespace KdKernels.Kernels.ReverseKl;

/// <summary>T² KL(softmax(student/T) ‖ softmax(teacher/T)) per row, its gradient from the same read, and the reduced value: student and teacher
/// change places in the kernels' arguments.</summary>
internal static class ReverseKlKernels
{
    internal static IEnumerable<KernelVariant> Variants =>
        new PairVariants("ReverseKl", typeof(ReverseTerm), typeof(KlGeneralBody<,,,>), typeof(PairKlBody<,,>)).All;
}
