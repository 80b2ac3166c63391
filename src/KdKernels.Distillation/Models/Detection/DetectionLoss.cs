using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Detection;

/// <summary>
/// The loss of a detector against labels, without a teacher: L = L_cls + λ L_reg, the outer frame of Chen et al. 2017,
/// equation 1, over cells in place of proposals.
/// </summary>
/// <remarks>
/// Contract. L_cls: numerator Σ over all cells of w_y · (−log softmax(z)_y), with w = <c>backgroundWeight</c> where y
/// is background and 1 elsewhere; divisor B·A, the number of cells and not the sum of the weights. L_reg: numerator Σ
/// over the foreground cells and the four offsets of the smooth L1 loss; divisor max(1, foreground cells), so that a
/// batch without objects gives 0 and not NaN. No temperature; nothing is detached, and the targets need no gradient.
/// </remarks>
public static class DetectionLoss
{
    /// <summary>w_bg of Chen et al. 2017.</summary>
    public const double BackgroundWeight = 1.5;

    /// <summary>L_cls + λ L_reg.</summary>
    /// <param name="output"><c>[B, A, C + 1 + 4]</c>; receives the gradient.</param>
    /// <param name="targets">Of the same B and A; its offsets of the output's dtype.</param>
    /// <param name="grid">The detector's cells.</param>
    /// <param name="regressionWeight">λ.</param>
    /// <param name="backgroundWeight">w_bg.</param>
    /// <param name="beta">Where the smooth L1 loss turns from a parabola into a line.</param>
    /// <returns>A scalar of the output's dtype.</returns>
    public static Tensor Total(
        Tensor output,
        DetectionTargets targets,
        DetectionGrid grid,
        double regressionWeight = 1,
        double backgroundWeight = BackgroundWeight,
        double beta = 1)
    {
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(grid);
        using DisposeScope scope = NewDisposeScope();
        Tensor classification = Classification(grid.Logits(output), targets.Classes, backgroundWeight);
        Tensor regression = Regression(grid.Offsets(output), targets, beta);
        return (classification + regressionWeight * regression).MoveToOuterDisposeScope();
    }

    /// <summary>L_cls.</summary>
    /// <param name="logits"><c>[B, A, C + 1]</c>; receives the gradient.</param>
    /// <param name="classes">Int64 <c>[B, A]</c>.</param>
    /// <param name="backgroundWeight">w_bg.</param>
    public static Tensor Classification(Tensor logits, Tensor classes, double backgroundWeight = BackgroundWeight)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(classes);
        using DisposeScope scope = NewDisposeScope();
        Tensor weights = ClassWeights(logits, backgroundWeight);
        Tensor sum = nn.functional.cross_entropy(
            logits.flatten(0, 1), classes.flatten(), weights, reduction: nn.Reduction.Sum);
        return (sum / classes.numel()).MoveToOuterDisposeScope();
    }

    /// <summary>L_reg.</summary>
    /// <param name="offsets"><c>[B, A, 4]</c>; receives the gradient, which is 0 on background.</param>
    /// <param name="targets">Offsets and foreground of the same B and A.</param>
    /// <param name="beta">Where the parabola turns into a line.</param>
    public static Tensor Regression(Tensor offsets, DetectionTargets targets, double beta = 1)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        ArgumentNullException.ThrowIfNull(targets);
        using DisposeScope scope = NewDisposeScope();
        // Chosen and not multiplied by 0: a background cell may hold anything.
        Tensor chosen = where(targets.Foreground.unsqueeze(-1), offsets, targets.Offsets);
        Tensor sum = nn.functional.smooth_l1_loss(chosen, targets.Offsets, nn.Reduction.Sum, beta);
        return (sum / targets.Foreground.sum().clamp_min(1)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Weights per class <c>[C + 1]</c>, background first, of the dtype and device of <paramref name="logits"/>: what
    /// the class-weighted soft cross-entropy against a teacher takes as well.
    /// </summary>
    public static Tensor ClassWeights(Tensor logits, double backgroundWeight = BackgroundWeight)
    {
        ArgumentNullException.ThrowIfNull(logits);
        double[] weights = new double[logits.shape[^1]];
        Array.Fill(weights, 1);
        weights[DetectionGrid.Background] = backgroundWeight;
        return tensor(weights, dtype: logits.dtype, device: logits.device);
    }
}
