using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// The FSP matrix of two layers, <c>G_ij = (1/HW)·Σ_p F1_ip·F2_jp</c> per sample. Yim, Joo, Bae and Kim 2017, section 3.1.
    /// </summary>
    /// <param name="features1">Features <c>[B, C1, H1, W1]</c>, float32 or float64 on the CPU; receives a gradient.</param>
    /// <param name="features2">Features <c>[B, C2, H2, W2]</c> of the same samples; receives a gradient.</param>
    /// <param name="pooling">
    /// How the layers are brought to the smaller height and the smaller width: Max, the paper's, or Average, RepDistiller's.
    /// </param>
    /// <returns><c>[B, C1, C2]</c> in the dtype of the features.</returns>
    /// <remarks>
    /// NCHW and channels_last are read in place where nothing is pooled; only features whose H and W do not merge into one stride
    /// are copied, once. The matrix of a layer with itself costs half. Under create_graph the gradients are those of
    /// <see cref="FspGramComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">A shape, dtype or device does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A pooling that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor FspGram(Tensor features1, Tensor features2, FspPooling pooling = FspPooling.Max)
    {
        FspOptions.CheckPooling(pooling);
        FeatureMaps.Prepare(ref features1);
        FeatureMaps.Prepare(ref features2);
        FeatureMaps.Pair(features2, features1);
        return FusedOp.Apply(new FspGramFunction(pooling), features1, features2);
    }

    /// <summary>
    /// The distance of a student's and a teacher's FSP matrices for one pair of layers, reduced; with D = G_s − G_t per sample
    /// <c>Σ_ij D_ij²</c> (Paper, the default), <c>Σ_ij D_ij²/(C1·C2)</c> (Mean) or <c>Σ_j √(Σ_i D_ij²)</c> (ColumnNorms). Yim, Joo,
    /// Bae and Kim 2017, section 3.2. Numerator: those. Divisor: by <paramref name="reduction"/>. Power of T: 0. The teacher is
    /// detached.
    /// </summary>
    /// <param name="student1">Features <c>[B, C1, H, W]</c>, float32 or float64 on the CPU; receives the gradient.</param>
    /// <param name="student2">Features <c>[B, C2, H, W]</c>; receives the gradient. Its size may differ from the first one's.</param>
    /// <param name="teacher1">Features <c>[B, C1, H, W]</c> of any size; must not require a gradient.</param>
    /// <param name="teacher2">Features <c>[B, C2, H, W]</c> of any size; must not require a gradient.</param>
    /// <param name="reduction">
    /// None: one value per sample <c>[B]</c>; Sum; BatchMean: ÷ B, which the paper, RepDistiller and torchdistill all do. Mean is
    /// refused: say the form Mean.
    /// </param>
    /// <param name="options">Form and pooling; null: the paper's. RepDistiller: Mean with Average; torchdistill: ColumnNorms with Max.</param>
    /// <returns>A scalar, or one value per sample for None, in the dtype of the features.</returns>
    /// <remarks>
    /// The paper's first stage minimises this loss alone. Columns without a difference have the gradient 0 under ColumnNorms.
    /// float32 matrices are compared in double, but are themselves sums of float32. Under create_graph the gradients are those of
    /// <see cref="FspGramComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">A shape, dtype or device does not fit, or a teacher requires a gradient.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option or a reduction that does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor FspLoss(
        Tensor student1, Tensor student2, Tensor teacher1, Tensor teacher2, KdReduction reduction, FspOptions? options = null)
    {
        var settings = (options ?? new FspOptions()).Checked(reduction);
        FeatureMaps.Prepare(ref student1);
        FeatureMaps.Prepare(ref student2);
        FeatureMaps.IsDetached(teacher1);
        FeatureMaps.IsDetached(teacher2);
        FeatureMaps.Prepare(ref teacher1);
        FeatureMaps.Prepare(ref teacher2);
        FeatureMaps.Pair(student2, student1);
        FeatureMaps.Pair(teacher1, student1);
        FeatureMaps.Pair(teacher2, student1);
        HasChannelsOf(teacher1, student1);
        HasChannelsOf(teacher2, student2);
        return FusedOp.Apply(new FspLossFunction(settings, reduction), student1, student2, teacher1, teacher2);
    }

    /// <summary><c>Σ_pairs λ·FspLoss(pair)</c>: the sum of the pairs' losses with their weights.</summary>
    /// <param name="pairs">At least one pair; every λ is finite.</param>
    /// <param name="reduction">As for one pair.</param>
    /// <param name="options">As for one pair.</param>
    /// <returns>A scalar, or one value per sample for None, in the dtype of the features.</returns>
    /// <exception cref="ArgumentException">There is no pair, or one does not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A weight is not finite, or an option or a reduction does not exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor FspLoss(IReadOnlyList<FspPair> pairs, KdReduction reduction, FspOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        if (pairs.Count == 0) throw new ArgumentException("expected at least one pair of layers but got none", nameof(pairs));
        foreach (var pair in pairs)
        {
            if (!double.IsFinite(pair.Weight))
                throw new ArgumentOutOfRangeException(nameof(pairs), pair.Weight, $"expected a finite weight of a pair but got {pair.Weight}");
        }
        return pairs
            .Select(pair => FspLoss(pair.Student1, pair.Student2, pair.Teacher1, pair.Teacher2, reduction, options) * pair.Weight)
            .Aggregate((sum, loss) => sum + loss);
    }

    private static void HasChannelsOf(
        Tensor teacher, Tensor student,
        [CallerArgumentExpression(nameof(teacher))] string? name = null, [CallerArgumentExpression(nameof(student))] string? other = null)
    {
        if (teacher.shape[1] != student.shape[1])
        {
            throw new ArgumentException(
                $"expected {student.shape[1]} channels, as {other} has, but got {KdGuard.Shape(teacher)}; FSP compares channel by channel",
                name);
        }
    }
}
