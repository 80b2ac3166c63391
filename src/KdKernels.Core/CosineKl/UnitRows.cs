using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>Rows divided by their norms, in padded memory, and what leads a gradient back through the division.</summary>
internal unsafe struct UnitRows<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // As torch's normalize: a row of zeros stays one, instead of becoming NaN.
    private const double SmallestNorm = 1e-12;

    private readonly RowsView source;

    /// <param name="source">The rows.</param>
    /// <param name="padded">Elements from one row to the next in the memory to come.</param>
    public UnitRows(RowsView source, long padded)
    {
        this.source = source;
        Padded = padded;
    }

    public long Padded { get; }

    public readonly long Count => source.Rows;

    public readonly long Length => source.Length;

    /// <summary><c>[Count, Padded]</c>, zeros behind each row.</summary>
    public TElement* Values { get; set; }

    /// <summary>1 / norm of each row; 0 where the norm is clamped, which is also what its gradient is multiplied
    /// by.</summary>
    public double* Inverse { get; set; }

    public readonly long ValueBytes => Count * Padded * sizeof(TElement);

    /// <summary>Copies and normalises a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Normalise(long row)
    {
        TElement* unit = Values + (row * Padded);
        TElement* values = Memory.Direct<TElement>(source, row);
        if (values is null) Memory.Gather(source, row, values = unit);
        double norm = Norm(values);
        TVector scale = TVector.Broadcast(1 / Math.Max(norm, SmallestNorm)), zero = TVector.Broadcast(0);
        long d = 0;
        for (; d + TVector.Width <= Length; d += TVector.Width)
            TVector.Store(unit + d, TVector.Load(values + d) * scale);
        for (; d < Padded; d += TVector.Width)
        {
            int lanes = (int)Math.Max(Length - d, 0);
            TVector.Store(unit + d, lanes == 0 ? zero : TVector.LoadPartial(values + d, lanes, zero) * scale);
        }

        Inverse[row] = norm < SmallestNorm ? 0 : 1 / norm;
    }

    /// <summary>Transposes rows to <c>[Padded, columns]</c> with zeros behind: elements of one row become a column.</summary>
    public readonly void Transpose(TElement* target, long columns, long firstElement, long endElement)
    {
        for (long d = firstElement; d < endElement; d++)
        {
            TElement* row = target + (d * columns);
            for (long j = 0; j < Count; j++) row[j] = Values[(j * Padded) + d];
            for (long j = Count; j < columns; j++) Memory.Put(row + j, 0);
        }
    }

    /// <summary>From the gradient of a unit row to that of the row: (g − ⟨g, x̂⟩x̂)/‖x‖.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Project(long row, TElement* gradient, RowsView target)
    {
        TElement* unit = Values + (row * Padded);
        TVector sum = TVector.Broadcast(0);
        for (long d = 0; d < Padded; d += TVector.Width) sum = TVector.Fma(TVector.Load(unit + d), TVector.Load(gradient + d), sum);
        TVector along = TVector.Broadcast(TVector.Sum(sum)), inverse = TVector.Broadcast(Inverse[row]);
        TElement* direct = Memory.Direct<TElement>(target, row);
        TElement* result = direct is null ? gradient : direct;
        long element = 0;
        for (; element + TVector.Width <= Length; element += TVector.Width)
            TVector.Store(result + element, Tangential(element));
        if (element < Length) TVector.StorePartial(result + element, (int)(Length - element), Tangential(element));
        if (direct is null) Memory.Scatter(target, row, gradient);

        TVector Tangential(long at) =>
            TVector.Fnma(along, TVector.Load(unit + at), TVector.Load(gradient + at)) * inverse;
    }

    private readonly double Norm(TElement* values)
    {
        TVector zero = TVector.Broadcast(0), sum = zero, other = zero;
        long d = 0;
        for (; d + (2 * TVector.Width) <= Length; d += 2 * TVector.Width)
        {
            TVector x = TVector.Load(values + d), y = TVector.Load(values + d + TVector.Width);
            sum = TVector.Fma(x, x, sum);
            other = TVector.Fma(y, y, other);
        }

        for (; d < Length; d += TVector.Width)
        {
            int lanes = (int)Math.Min(Length - d, TVector.Width);
            TVector x = lanes == TVector.Width ? TVector.Load(values + d) : TVector.LoadPartial(values + d, lanes, zero);
            sum = TVector.Fma(x, x, sum);
        }

        double squares = TVector.Sum(sum + other);
        if (squares is > 1e-20 and < 1e30) return Math.Sqrt(squares);

        // Squares of 1e-20 are nothing in single precision, and those of 1e20 infinite; in double neither is.
        squares = 0;
        for (d = 0; d < Length; d++) squares += Memory.Get(values + d) * Memory.Get(values + d);
        return Math.Sqrt(squares);
    }
}
