using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.CosineKl"/> by composed torch operations, differentiable any number of times.
/// </summary>
public static class CosineKlComposed
{
    /// <summary>The loss, reduced as <paramref name="options"/> say.</summary>
    /// <param name="studentAugmented"><c>[A, D]</c>.</param>
    /// <param name="studentNormal"><c>[B, D]</c>.</param>
    /// <param name="teacherAugmented"><c>[A, E]</c>.</param>
    /// <param name="teacherNormal"><c>[B, E]</c>.</param>
    /// <param name="options">τ, reduction, τ².</param>
    /// <param name="keep">bool <c>[A]</c>; null keeps all.</param>
    public static Tensor Loss(
        Tensor studentAugmented, Tensor studentNormal, Tensor teacherAugmented, Tensor teacherNormal, CosineKlOptions options,
        Tensor? keep = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        return TemperedKlComposed.Loss(
            Scores(studentAugmented, studentNormal), Scores(teacherAugmented, teacherNormal),
            options.ToTemperedKl(keep?.to(ScalarType.Int64)));
    }

    /// <summary>
    /// Cosines <c>[A, B]</c> of augmented and normal embeddings, float32 for 16-bit ones, norms clamped at 1e-12 with gradient 0 there: what
    /// <see cref="KdFunctional.ErrorRanks"/> ranks.
    /// </summary>
    public static Tensor Scores(Tensor augmented, Tensor normal)
    {
        ArgumentNullException.ThrowIfNull(augmented);
        ArgumentNullException.ThrowIfNull(normal);
        return UnitRows.Of(TensorMemory.Widen(augmented)).matmul(UnitRows.Of(TensorMemory.Widen(normal)).t());
    }
}
