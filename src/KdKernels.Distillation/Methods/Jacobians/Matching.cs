using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Jacobians;

/// <summary>The two distances of derivatives <c>[N, ...]</c>, by the kernels or by composed operations.</summary>
internal static class Matching
{
    /// <summary><c>(1/N) Σ_n ‖ŝ_n − t̂_n‖² = (1/N) Σ_n 2 − 2 cos(s_n, t_n)</c>; every item has its own norms.</summary>
    public static Tensor Normalised(MethodStep step, Tensor student, Tensor teacher) => step.Fused
        ? KdFunctional.NormalizedMatch(student, teacher, KdReduction.BatchMean)
        : NormalizedMatchComposed.Loss(student, teacher, new NormalizedMatchOptions(KdReduction.BatchMean));

    /// <summary><c>(1/N) Σ_n ‖s_n − t_n‖²</c>, halved where <paramref name="half"/> says so.</summary>
    public static Tensor Squared(MethodStep step, Tensor student, Tensor teacher, bool half = false)
    {
        (student, teacher) = (student.flatten(1), teacher.flatten(1));
        return step.Fused
            ? KdFunctional.LogitRegression(student, teacher, KdReduction.BatchMean, half)
            : LogitRegressionComposed.Loss(
                student, teacher, new LogitRegressionOptions(KdReduction.BatchMean) { Half = half });
    }
}
