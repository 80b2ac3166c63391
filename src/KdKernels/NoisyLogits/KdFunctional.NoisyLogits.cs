using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

public static partial class KdFunctional
{
    /// <summary>
    /// <c>½ Σ_c (student_c − (1 + ξ_c)·teacher_c)²</c> of each row, reduced, with ξ ~ N(0, σ²) in the rows that a draw of probability
    /// α selects and 0 in the others: Sau and Balasubramanian 2016, section 3. Numerator: Σ over classes. Divisor: by
    /// <paramref name="reduction"/>. There is no temperature. In expectation the student's gradient is that of
    /// <see cref="LogitRegression"/>, and the loss has the constant <c>ασ²·½‖teacher‖²</c> more.
    /// </summary>
    /// <param name="student">
    /// Raw logits <c>[B, C]</c>, or more dimensions with <paramref name="dim"/>; float32 or float64 on the CPU, float32, float16 or
    /// bfloat16 on CUDA; receives the gradient.
    /// </param>
    /// <param name="teacher">Raw logits without noise, of the same shape and dtype; receives a gradient when it requires one.</param>
    /// <param name="sigma">σ, finite, 0 or more.</param>
    /// <param name="alpha">α in [0, 1].</param>
    /// <param name="reduction">
    /// None: one value per row; Sum; BatchMean: ÷ rows; Mean: ÷ (rows · C). The means of no rows are NaN as in torch.
    /// </param>
    /// <param name="seed">The key of every random number.</param>
    /// <param name="step">The training step, in [0, 2³²): the noise of a sample is another one at every step.</param>
    /// <param name="samples">
    /// Int64, one per row, in [0, 2³²): the sample that a row is, so that its noise does not depend on the batch around it. On CUDA,
    /// where looking at them would take waiting, a sample out of range makes its row NaN.
    /// </param>
    /// <param name="firstSample">Without samples, the number of the first row; the others follow it.</param>
    /// <param name="half">Whether the squares are halved.</param>
    /// <param name="dim">The class dimension; required above two dimensions: 1 for <c>[N, C, H, W]</c>, -1 for <c>[B, T, V]</c>.</param>
    /// <returns>A scalar, or one value per row for None, in the dtype of the logits, float32 for 16-bit ones.</returns>
    /// <remarks>
    /// The noise is a function of seed, step, sample and class (Philox), the same on any number of threads, and on CUDA bit for bit what
    /// the CPU gives float32 logits; it is never stored, and backward makes it again. First-order gradients are the kernel's own; under create_graph they are
    /// <see cref="NoisyLogitsComposed"/>.
    /// </remarks>
    /// <exception cref="ArgumentException">Shapes, dtypes or devices do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException">σ, α, the step or a sample out of range; a dimension or reduction that does not
    /// exist.</exception>
    /// <exception cref="NotSupportedException">A dtype or device without an implementation.</exception>
    public static Tensor NoisyLogits(
        Tensor student,
        Tensor teacher,
        double sigma,
        double alpha,
        KdReduction reduction,
        ulong seed,
        long step,
        Tensor? samples = null,
        long firstSample = 0,
        bool half = true,
        long? dim = null)
    {
        KdGuard.IsComputable(student);
        KdGuard.IsAtLeastZero(sigma);
        KdGuard.IsFraction(alpha);
        KdGuard.IsReduction(reduction);
        if (step is < 0 or > uint.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(step), step, $"expected a step in [0, 2^32) but got {step}");
        var layout = PairedLayout(ref student, ref teacher, dim);
        if (samples is not null) KdGuard.IsOnePerRow(samples, ScalarType.Int64, student, layout.ClassDimension);
        var options = new NoisyLogitsOptions(sigma, alpha, reduction, layout.ClassDimension)
        {
            Seed = seed,
            Step = (uint)step,
            FirstSample = firstSample,
            Half = half,
        };
        return FusedOp.Apply(new NoisyLogitsFunction(options, layout), student, teacher, samples?.contiguous());
    }
}
