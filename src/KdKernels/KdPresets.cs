namespace KdKernels;

/// <summary>
/// The distillation losses of well-known code bases, under their names: the same formula with different weights, divisors and
/// powers of T. All average over rows.
/// </summary>
public static class KdPresets
{
    /// <summary>RepDistiller: 0.1·CE + 0.9·T²·KL, T = 4.</summary>
    public static HintonLoss RepDistiller(double temperature = 4, double alpha = 0.9) =>
        new(temperature, alpha, KdReduction.BatchMean);

    /// <summary>mdistiller: 0.1·CE + 0.9·T²·KL, T = 4; its weights are settings of their own, here they sum to 1.</summary>
    public static HintonLoss Mdistiller(double temperature = 4, double alpha = 0.9) =>
        new(temperature, alpha, KdReduction.BatchMean);

    /// <summary>
    /// torchdistill's KDLoss, whose <paramref name="alpha"/> multiplies the cross-entropy: alpha·CE + (1 − alpha)·T²·KL. With alpha
    /// null or 0 it returns the divergence alone <b>and without T²</b>: another scale, which this preset keeps.
    /// </summary>
    public static HintonLoss Torchdistill(double temperature, double? alpha)
    {
        bool divergenceAlone = alpha is null or 0;
        return new(temperature, divergenceAlone ? 1 : 1 - alpha!.Value, KdReduction.BatchMean, tSquared: !divergenceAlone);
    }

    /// <summary>
    /// TRL's generalised divergence (<c>generalized_jsd_loss</c> of its GKD trainer, with labels): no T², averaged over the valid
    /// tokens of logits <c>[B, T, V]</c>; beta = 0 is KL(teacher ‖ student) and beta = 1 KL(student ‖ teacher) instead of 0. Its
    /// trainer's temperature is 0.9.
    /// </summary>
    public static JsdLoss TrlJsd(double beta = 0.5, double temperature = 0.9, long dim = -1) =>
        new(temperature, beta, KdReduction.BatchMean, tSquared: false, klAtEnds: true, dim);

    /// <summary>
    /// Liger's JSD: as <see cref="TrlJsd"/>, on rows of logits <c>[B, V]</c>, at temperature 1 unless said; its log-domain defects
    /// with classes without mass are not reproduced.
    /// </summary>
    public static JsdLoss LigerJsd(double beta = 0.5, double temperature = 1) =>
        new(temperature, beta, KdReduction.BatchMean, tSquared: false, klAtEnds: true);

    /// <summary>Liger's fused distillation: logits are divided by T, the divergence is <b>not</b> multiplied by T²; equal weights.</summary>
    public static HintonLoss Liger(double temperature = 1, double alpha = 0.5) =>
        new(temperature, alpha, KdReduction.BatchMean, tSquared: false);
}
