using System.Globalization;

namespace KdKernels.Core;

/// <summary>The negatives of a call of <see cref="CrdContrast"/>: given, or drawn while they are used.</summary>
public readonly record struct CrdChoice
{
    private CrdChoice(RowsView? given, CrdNegatives? drawn, uint step, int count)
    {
        Given = given;
        Drawn = drawn;
        Step = step;
        Count = count;
    }

    /// <summary>K, negatives per anchor.</summary>
    public int Count { get; }

    internal RowsView? Given { get; }

    internal CrdNegatives? Drawn { get; }

    internal uint Step { get; }

    internal RowsView? Classes { get; private init; }

    internal RowsView? StepAt { get; private init; }

    /// <summary>Rows of the bank <c>[B, K]</c>, Int64, any strides.</summary>
    public static CrdChoice Of(RowsView negatives) => new(negatives, null, 0, checked((int)negatives.Length));

    /// <summary>Drawn in place: no memory for indices is needed beyond the op's own.</summary>
    /// <param name="negatives">What is drawn from; its number of rows must be the bank's.</param>
    /// <param name="step">The training step.</param>
    /// <param name="count">K.</param>
    /// <param name="classes">On CUDA, where the negatives have classes: one row of Int64 in the operands' memory, filled by
    /// <see cref="CrdNegatives.WriteClasses"/>. Not read on the CPU.</param>
    /// <param name="stepAt">On CUDA: the step as one Int64 in the operands' memory, read when the kernel runs, instead of
    /// <paramref name="step"/>; its low 32 bits count. Not read on the CPU.</param>
    public static CrdChoice Of(
        CrdNegatives negatives, uint step, int count, RowsView? classes = null, RowsView? stepAt = null)
    {
        ArgumentNullException.ThrowIfNull(negatives);
        return new(null, negatives, step, count) { Classes = classes, StepAt = stepAt };
    }

    /// <summary>The rows of one anchor; those given are checked.</summary>
    internal unsafe void Write(long anchor, long positive, long bankRows, int* target)
    {
        if (Drawn is not null)
        {
            Drawn.Draw(Step, (int)positive, target, Count);
            return;
        }

        RowsView view = Given!.Value;
        long* row = (long*)view.Data + view.RowOffset(anchor);
        for (int k = 0; k < Count; k++)
        {
            long index = row[k * view.ElementStride];
            if ((ulong)index >= (ulong)bankRows)
            {
                throw new ArgumentException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"expected negatives in [0, {bankRows}) but got {index} for anchor {anchor}, negative {k}"),
                    "negatives");
            }

            target[k] = (int)index;
        }
    }
}
