using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.SelfSupervision;

/// <summary>SSKD's choice of rows: all that the teacher gets right, and of its errors those with the best rank.</summary>
internal static class ErrorLevels
{
    /// <summary>Which rows count; null where all do.</summary>
    /// <param name="fused">Kernels or composed operations.</param>
    /// <param name="scores">The teacher's <c>[R, C]</c>.</param>
    /// <param name="targets">What is right, int64 <c>[R]</c>.</param>
    /// <param name="fraction">Of the errors; the number is rounded down.</param>
    public static Tensor? Keep(bool fused, Tensor scores, Tensor targets, double fraction)
    {
        if (fraction >= 1)
        {
            return null;
        }

        using var noGrad = no_grad();
        return fused
            ? KdFunctional.KeepBestRanked(KdFunctional.ErrorRanks(scores, targets), fraction)
            : Composed(scores, targets, fraction);
    }

    private static Tensor Composed(Tensor scores, Tensor targets, double fraction)
    {
        long rows = scores.shape[0];
        Tensor place = targets.unsqueeze(1);
        Tensor own = scores.gather(1, place);
        Tensor earlier = arange(scores.shape[1], ScalarType.Int64, scores.device).unsqueeze(0).lt(place);
        Tensor ranks = scores.gt(own).sum(1) + scores.eq(own).logical_and(earlier).sum(1);
        Tensor errors = ranks.gt(0).sum();
        Tensor kept = (errors.to(ScalarType.Float64) * fraction).floor().to(ScalarType.Int64) + ranks.eq(0).sum();

        // No two keys are equal: of equal ranks the first row comes first.
        Tensor order = (ranks * rows + arange(rows, ScalarType.Int64, scores.device)).argsort();
        return order.argsort().lt(kept);
    }
}
