using System.Globalization;

namespace KdKernels.Core;

/// <summary>The bank of <see cref="CrdContrast"/>: one embedding per sample of the data set, as last seen.</summary>
public static unsafe class CrdBank
{
    /// <summary>What a norm is clamped to, as torch's normalize does: a zero row stays zero instead of becoming
    /// NaN.</summary>
    private const double SmallestNorm = 1e-12;

    /// <summary>
    /// Fills a bank before the first update, as the reference does: uniform in ±√(3/D), so that rows have a squared
    /// length of 1 in the mean. A row's numbers depend on (seed, side, row) alone.
    /// </summary>
    /// <param name="bank"><c>[n, D]</c>, Float32 or Float64 on the CPU; the elements of a row side by side.</param>
    /// <param name="seed">The key of the random numbers.</param>
    /// <param name="side">Keeps the banks of two networks apart.</param>
    /// <exception cref="ArgumentException">An element type or size is not as expected.</exception>
    /// <exception cref="NotSupportedException">The bank is not on the CPU.</exception>
    public static void Start(RowsView bank, ulong seed, uint side)
    {
        Guard.IsOnCpu(bank, nameof(CrdBank));
        HasRows(bank, bank);
        double bound = Math.Sqrt(3.0 / bank.Length);
        for (long row = 0; row < bank.Rows; row++)
        {
            var random = new PhiloxSequence(seed, PhiloxPurpose.CrdMemory, side, (uint)row);
            for (long d = 0; d < bank.Length; d++)
                Memory.Write(bank, row, d, bound * ((2.0 * random.NextSingle()) - 1));
        }
    }

    /// <summary>
    /// Moves rows towards new embeddings: <c>row ← normalise(momentum·row + (1 − momentum)·v)</c>, norms clamped at
    /// 1e-12, in the order of the batch. Where a batch has a row twice, the later one sees what the earlier one left; so
    /// the result is that of one sample at a time.
    /// </summary>
    /// <param name="bank"><c>[n, D]</c>, Float32 or Float64 on the CPU, Float32, Float16 or BFloat16 on CUDA; the elements of
    /// a row side by side. Arithmetic is Float64, with one rounding at each store.</param>
    /// <param name="rows">Int64 <c>[B]</c>: whose embeddings they are, in the global order of the samples.</param>
    /// <param name="embeddings"><c>[B, D]</c> of the bank's element type, any strides.</param>
    /// <param name="momentum">In [0, 1]; 0.5 in the reference.</param>
    /// <param name="queue">Where the kernel goes when the operands are on CUDA.</param>
    /// <exception cref="ArgumentException">A shape, element type or index is not as expected; then nothing was
    /// written. On CUDA an index outside of the bank cannot be seen without waiting: it moves nothing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The momentum is not as expected.</exception>
    /// <exception cref="NotSupportedException">The device has no kernel for the element type, or cannot be
    /// used.</exception>
    /// <exception cref="CudaException">The CUDA driver reported a failure.</exception>
    public static void Update(
        RowsView bank, RowsView rows, RowsView embeddings, double momentum, CudaQueue? queue = null)
    {
        Guard.IsOperand(embeddings);
        HasRows(bank, embeddings);
        AreRows(rows, embeddings, bank);
        Guard.IsFraction(momentum);
        if (bank.Device.Type == KdDeviceType.Cuda)
        {
            CrdBankCuda.Update(bank, rows, embeddings, momentum, queue);
            return;
        }

        for (long i = 0; i < embeddings.Rows; i++)
        {
            long row = Row(rows, i);
            double squares = 0;
            for (long d = 0; d < bank.Length; d++)
            {
                double moved = Moved(bank, row, embeddings, i, d, momentum);
                squares += moved * moved;
            }

            // NaN passes Math.Max.
            double inverse = 1 / Math.Max(Math.Sqrt(squares), SmallestNorm);
            for (long d = 0; d < bank.Length; d++)
                Memory.Write(bank, row, d, Moved(bank, row, embeddings, i, d, momentum) * inverse);
        }
    }

    /// <summary>A bank for rows of the given ones' length, type and device, contiguous within its rows.</summary>
    internal static void HasRows(RowsView bank, RowsView embeddings)
    {
        Guard.HasShape(bank, embeddings.ElementType, bank.Outer, 1, embeddings.Length, embeddings.Device, nameof(bank));
        if (bank.Outer is < 1 or > int.MaxValue)
        {
            throw new ArgumentException(
                $"expected 1 to {int.MaxValue} rows in a bank but got {bank.Shape}", nameof(bank));
        }

        if (bank.Length > 1 && bank.ElementStride != 1)
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"expected a bank with the elements of a row side by side but got stride {bank.ElementStride}"),
                nameof(bank));
        }
    }

    /// <summary>One row of the bank for each embedding; which, only memory of the CPU can say at once.</summary>
    internal static void AreRows(RowsView positives, RowsView embeddings, RowsView bank)
    {
        Guard.HasShape(
            positives, KdElementType.Int64, embeddings.Outer, embeddings.Inner, 1, embeddings.Device, nameof(positives));
        if (positives.Device.Type != KdDeviceType.Cpu) return;
        for (long i = 0; i < positives.Rows; i++)
        {
            long row = Row(positives, i);
            if ((ulong)row < (ulong)bank.Rows) continue;
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture, $"expected rows in [0, {bank.Rows}) but got {row} for anchor {i}"),
                nameof(positives));
        }
    }

    private static long Row(RowsView rows, long i) => ((long*)rows.Data)[rows.RowOffset(i)];

    private static double Moved(
        RowsView bank, long row, RowsView embeddings, long i, long element, double momentum) =>
        (momentum * Memory.Read(bank, row, element)) + ((1 - momentum) * Memory.Read(embeddings, i, element));
}
