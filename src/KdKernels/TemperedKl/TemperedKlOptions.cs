using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>What TemperedKl computes, apart from the two logits tensors. The tensors in it get no gradient.</summary>
/// <param name="Temperature">T in (0, ∞].</param>
/// <param name="Reduction">How the rows are combined.</param>
/// <param name="ClassDimension">The class dimension, from 0.</param>
public sealed record TemperedKlOptions(double Temperature, KdReduction Reduction, int ClassDimension = 1)
{
    /// <summary>Whether the divergence is multiplied by T².</summary>
    public bool TSquared { get; init; } = true;

    /// <summary>Weights <c>[C]</c> of the classes.</summary>
    public Tensor? ClassWeights { get; init; }

    /// <summary>Int64 labels, one per row; only compared with <see cref="IgnoreIndex"/>.</summary>
    public Tensor? Labels { get; init; }

    /// <summary>Rows with this label are left out.</summary>
    public long IgnoreIndex { get; init; } = -100;

    /// <summary>T², or 1 without it.</summary>
    internal double Scale => TSquared ? Temperature * Temperature : 1;

    /// <summary>Multiplies along the class dimension by the weights.</summary>
    internal Tensor Weigh(Tensor values)
    {
        if (ClassWeights is null) return values;
        var shape = new long[values.dim()];
        Array.Fill(shape, 1);
        shape[ClassDimension] = ClassWeights.numel();
        return values * ClassWeights.view(shape);
    }

    /// <summary>Masks and reduces the losses of the rows.</summary>
    internal Tensor Reduce(Tensor rowLoss, long classes)
    {
        rowLoss = Mask(rowLoss);
        return Reduction == KdReduction.None ? rowLoss : rowLoss.sum() / Divisor(rowLoss, classes);
    }

    /// <summary>What each row's gradient is multiplied by: the upstream gradient, the mask and the divisor.</summary>
    internal Tensor RowScale(Tensor upstream, Tensor logits)
    {
        if (Reduction == KdReduction.None) return Mask(upstream);
        var rows = torch.ones_like(logits.select(ClassDimension, 0));
        return Mask(rows * (upstream / Divisor(rows, logits.shape[ClassDimension])));
    }

    /// <summary>
    /// The same with tensors that backward got from the graph: the caller's own may be gone or changed by then, which the graph
    /// prevents or reports.
    /// </summary>
    internal TemperedKlOptions With(Tensor? labels, Tensor? classWeights) =>
        this with { Labels = labels, ClassWeights = classWeights };

    internal TemperedKlSettings ToSettings(Tensor logits, RowLayout layout) => new(Temperature, Reduction)
    {
        TemperatureSquared = TSquared,
        ClassWeights = ClassWeights is null ? null : TensorMemory.Vector(ClassWeights),
        Labels = Labels is null ? null : layout.PerRow(Labels, logits),
        IgnoreIndex = IgnoreIndex,
    };

    private Tensor Mask(Tensor perRow) => Labels is null ? perRow : perRow.masked_fill(Labels == IgnoreIndex, 0);

    private double Divisor(Tensor perRow, long classes)
    {
        if (Reduction == KdReduction.Sum) return 1;
        double rows = Labels is null ? perRow.numel() : (Labels != IgnoreIndex).sum().item<long>();
        return Reduction == KdReduction.Mean ? rows * classes : rows;
    }
}
