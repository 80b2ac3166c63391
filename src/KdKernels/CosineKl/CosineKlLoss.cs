using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.CosineKl"/> as a module:
/// <c>call(studentAugmented, studentNormal, teacherAugmented, teacherNormal)</c>. With <see cref="WrongFraction"/> below 1 it keeps,
/// as SSKD does, the rows that the teacher ranks first and that fraction of the others; augmented embedding i then belongs to normal
/// embedding ⌊i/(A/B)⌋.
/// </summary>
public sealed class CosineKlLoss : nn.Module<Tensor, Tensor, Tensor, Tensor, Tensor>
{
    /// <param name="temperature">τ, positive; 0.5 in the paper.</param>
    /// <param name="reduction">How the kept rows are combined.</param>
    /// <param name="wrongFraction">Of the rows that the teacher gets wrong, how many count: 0.75 in the paper, 1 for all.</param>
    /// <param name="tSquared">Whether the divergence is multiplied by τ².</param>
    /// <exception cref="ArgumentOutOfRangeException">A setting outside of its range.</exception>
    public CosineKlLoss(double temperature, KdReduction reduction, double wrongFraction = 1, bool tSquared = true)
        : base(nameof(CosineKlLoss))
    {
        KdGuard.IsTemperature(temperature);
        KdGuard.IsReduction(reduction);
        KdGuard.IsFraction(wrongFraction);
        (Temperature, Reduction, WrongFraction, TSquared) = (temperature, reduction, wrongFraction, tSquared);
    }

    /// <summary>τ.</summary>
    public double Temperature { get; set; }

    /// <summary>How the kept rows are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>How many of the teacher's wrong rows count.</summary>
    public double WrongFraction { get; }

    /// <summary>Whether the divergence is multiplied by τ².</summary>
    public bool TSquared { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor studentAugmented, Tensor studentNormal, Tensor teacherAugmented, Tensor teacherNormal)
    {
        using var keep = WrongFraction < 1 ? Keep(teacherAugmented, teacherNormal) : null;
        return KdFunctional.CosineKl(
            studentAugmented, studentNormal, teacherAugmented, teacherNormal, Temperature, Reduction, keep, TSquared);
    }

    private Tensor Keep(Tensor augmented, Tensor normal)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var (rows, columns) = (augmented.shape[0], normal.shape[0]);
        if (columns < 1 || rows % columns != 0)
        {
            throw new ArgumentException(
                $"expected as many augmented embeddings for every normal one but got {rows} for {columns}", nameof(augmented));
        }
        var targets = arange(rows, ScalarType.Int64, augmented.device).floor_divide(Math.Max(rows / columns, 1));
        var ranks = KdFunctional.ErrorRanks(CosineKlComposed.Scores(augmented, normal), targets);
        return KdFunctional.KeepBestRanked(ranks, WrongFraction).MoveToOuterDisposeScope();
    }
}
