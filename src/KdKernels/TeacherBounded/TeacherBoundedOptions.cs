using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What TeacherBounded computes, apart from the tensors.</summary>
/// <param name="Margin">m, finite, 0 or more.</param>
/// <param name="Reduction">How the foreground boxes are combined.</param>
/// <param name="OffsetDimension">The dimension of the boxes' offsets, from 0.</param>
public sealed record TeacherBoundedOptions(double Margin, KdReduction Reduction, int OffsetDimension = 1)
{
    /// <summary>ν, what the bounded part is multiplied by.</summary>
    public double BoundWeight { get; init; } = 1;

    /// <summary>Whether every foreground box also has its smooth L1 loss.</summary>
    public bool SmoothL1 { get; init; }

    /// <summary>Where the smooth L1 loss turns from a parabola into a line.</summary>
    public double Beta { get; init; } = 1;

    internal TeacherBoundedSettings ToSettings(RowsView? foreground) => new(Margin, Reduction)
    {
        BoundWeight = BoundWeight,
        SmoothL1 = SmoothL1,
        Beta = Beta,
        Foreground = foreground,
    };

    /// <summary>Reduces the losses of the boxes; those of the background are 0.</summary>
    internal Tensor Reduce(Tensor boxLoss, Tensor? foreground, long offsets)
    {
        if (Reduction == KdReduction.None) return boxLoss;
        if (Reduction == KdReduction.Sum) return boxLoss.sum();
        double perBox = Reduction == KdReduction.Mean ? offsets : 1;
        // The count stays on the device, which nobody waits for.
        return foreground is null
            ? boxLoss.sum() / (boxLoss.numel() * perBox)
            : boxLoss.sum() / ((foreground != 0).sum().to(boxLoss.dtype) * perBox);
    }
}
