using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// The loss of contrastive representation distillation: student anchors against the teacher's bank plus teacher anchors against the
/// student's, with K drawn negatives each; <c>call(student, teacher, rows)</c> on embeddings of unit length <c>[B, D]</c> and the
/// samples' numbers <c>[B]</c>. In training mode a call updates both banks afterwards; the first call ever estimates both Z.
/// </summary>
/// <remarks>
/// Gradients reach both embeddings, as the reference trains both heads; detach what must not learn. They are computed before the
/// update. Second derivatives after it are NaN, since the bank they belong to is gone: take them in eval mode.
/// </remarks>
public sealed class CrdContrastLoss : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly CrdMemory memory;
    private readonly CrdNegatives negatives;

    /// <param name="memory">Banks and normalisers; a submodule from now on.</param>
    /// <param name="negatives">What negatives are drawn from.</param>
    /// <param name="count">K; 16384 in the paper.</param>
    /// <param name="temperature">τ; 0.07 in the paper.</param>
    /// <param name="reduction">None, Sum or BatchMean.</param>
    /// <param name="momentum">m of the update; 0.5 in the reference implementation.</param>
    /// <param name="epsilon">ε: 0 is the paper's formula, 1e-7 the reference implementation's.</param>
    /// <exception cref="ArgumentException">The negatives belong to a bank of another size.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting outside of its range.</exception>
    public CrdContrastLoss(
        CrdMemory memory, CrdNegatives negatives, int count, double temperature, KdReduction reduction, double momentum = 0.5,
        double epsilon = 0)
        : base(nameof(CrdContrastLoss))
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(negatives);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        KdGuard.IsFiniteTemperature(temperature);
        KdGuard.IsFraction(momentum);
        if (negatives.BankRows != memory.Rows)
        {
            throw new ArgumentException(
                $"expected negatives of a bank of {memory.Rows} rows but got {negatives.BankRows}", nameof(negatives));
        }
        (this.memory, this.negatives) = (memory, negatives);
        (Count, Temperature, Reduction, Momentum, Epsilon) = (count, temperature, reduction, momentum, epsilon);
        RegisterComponents();
    }

    /// <summary>K.</summary>
    public int Count { get; }

    /// <summary>τ.</summary>
    public double Temperature { get; }

    /// <summary>How the anchors are combined.</summary>
    public KdReduction Reduction { get; }

    /// <summary>m of the update.</summary>
    public double Momentum { get; }

    /// <summary>ε.</summary>
    public double Epsilon { get; }

    /// <summary>Banks and normalisers.</summary>
    public CrdMemory Memory => memory;

    /// <remarks>
    /// On CUDA nothing waits for the device: step and Z are read by the kernels. What was wrong with a batch (a row that is none of the
    /// bank, a Z that is not finite) shows as NaN.
    /// </remarks>
    /// <param name="student">The student's embeddings <c>[B, D]</c>.</param>
    /// <param name="teacher">The teacher's embeddings <c>[B, D]</c>.</param>
    /// <param name="rows">int64 <c>[B]</c>: the samples' numbers in the data set.</param>
    /// <returns>A scalar, or <c>[B]</c> for None.</returns>
    public override Tensor forward(Tensor student, Tensor teacher, Tensor rows)
    {
        using var scope = NewDisposeScope();
        // Both directions have the same negatives, as in the reference; the step is in the checkpoint with the banks.
        bool onCuda = student.device_type == DeviceType.CUDA;
        var draws = onCuda
            ? new CrdDraws(negatives, 0, Count) { StepAt = memory.UpdatesAt }
            : new CrdDraws(negatives, (uint)memory.Updates, Count);
        if (onCuda) EstimateOnDevice(student, teacher, rows, draws);
        else Estimate(student, teacher, rows, draws);
        var loss = Direction(student, memory.TeacherBank, 0) + Direction(teacher, memory.StudentBank, 1);
        if (training) memory.Update(rows, student, teacher, Momentum);
        return loss.MoveToOuterDisposeScope();

        Tensor Direction(Tensor anchors, Tensor bank, long side)
        {
            CrdGuard.AreOperands(anchors, bank, rows);
            return CrdContrastFunction.Run(
                anchors, bank, rows, negatives: null, draws, new(Temperature, 1, Reduction, Epsilon), memory.NormalizerAt(side), memory);
        }
    }

    private void Estimate(Tensor student, Tensor teacher, Tensor rows, CrdDraws draws)
    {
        if (memory.StudentNormalizer == 0)
            memory.StudentNormalizer = KdFunctional.CrdNormalizer(student, memory.TeacherBank, rows, draws, Temperature);
        if (memory.TeacherNormalizer == 0)
            memory.TeacherNormalizer = KdFunctional.CrdNormalizer(teacher, memory.StudentBank, rows, draws, Temperature);
    }

    // Whether there is a Z already, only the device knows, and to ask it would stall the stream at every step.
    private void EstimateOnDevice(Tensor student, Tensor teacher, Tensor rows, CrdDraws draws)
    {
        KdFunctional.CrdEstimateNormalizer(memory.NormalizerAt(0), student, memory.TeacherBank, rows, draws, Temperature, onlyIfZero: true);
        KdFunctional.CrdEstimateNormalizer(memory.NormalizerAt(1), teacher, memory.StudentBank, rows, draws, Temperature, onlyIfZero: true);
    }
}
