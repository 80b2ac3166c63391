using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>The two small matrix products of FSP, for planes of pixels side by side.</summary>
internal static unsafe class FspKernels<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    /// <summary>Rows and columns of a <see cref="Dots"/> tile: 12 sums and 4 operands are the 16 registers of AVX2.</summary>
    public const int DotRows = 3;
    public const int DotColumns = 4;

    /// <summary>Rows of a <see cref="Combine"/> tile, which is two vectors wide.</summary>
    public const int CombineRows = 6;

    /// <summary>Elements in a row of a panel.</summary>
    public static int PanelWidth => 2 * TVector.Width;

    /// <summary>
    /// The products of three rows with four, <c>products[4·i + j] = Σ_p a_i[p]·b_j[p]</c>. Seven vectors are read for
    /// twelve multiplications.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Dots(in DotRowsOf<TElement> rows, long length, double* products)
    {
        TElement* a0 = rows.A0, a1 = rows.A1, a2 = rows.A2, b0 = rows.B0, b1 = rows.B1, b2 = rows.B2, b3 = rows.B3;
        TVector zero = TVector.Broadcast(0);
        TVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
        TVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
        TVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
        long p = 0;
        for (; p + TVector.Width <= length; p += TVector.Width)
        {
            TVector x = TVector.Load(a0 + p), y = TVector.Load(a1 + p), z = TVector.Load(a2 + p);
            TVector w = TVector.Load(b0 + p);
            s00 = TVector.Fma(x, w, s00);
            s10 = TVector.Fma(y, w, s10);
            s20 = TVector.Fma(z, w, s20);
            w = TVector.Load(b1 + p);
            s01 = TVector.Fma(x, w, s01);
            s11 = TVector.Fma(y, w, s11);
            s21 = TVector.Fma(z, w, s21);
            w = TVector.Load(b2 + p);
            s02 = TVector.Fma(x, w, s02);
            s12 = TVector.Fma(y, w, s12);
            s22 = TVector.Fma(z, w, s22);
            w = TVector.Load(b3 + p);
            s03 = TVector.Fma(x, w, s03);
            s13 = TVector.Fma(y, w, s13);
            s23 = TVector.Fma(z, w, s23);
        }

        if (p < length)
        {
            int rest = (int)(length - p);
            TVector x = TVector.LoadPartial(a0 + p, rest, zero), y = TVector.LoadPartial(a1 + p, rest, zero);
            TVector z = TVector.LoadPartial(a2 + p, rest, zero), w = TVector.LoadPartial(b0 + p, rest, zero);
            s00 = TVector.Fma(x, w, s00);
            s10 = TVector.Fma(y, w, s10);
            s20 = TVector.Fma(z, w, s20);
            w = TVector.LoadPartial(b1 + p, rest, zero);
            s01 = TVector.Fma(x, w, s01);
            s11 = TVector.Fma(y, w, s11);
            s21 = TVector.Fma(z, w, s21);
            w = TVector.LoadPartial(b2 + p, rest, zero);
            s02 = TVector.Fma(x, w, s02);
            s12 = TVector.Fma(y, w, s12);
            s22 = TVector.Fma(z, w, s22);
            w = TVector.LoadPartial(b3 + p, rest, zero);
            s03 = TVector.Fma(x, w, s03);
            s13 = TVector.Fma(y, w, s13);
            s23 = TVector.Fma(z, w, s23);
        }

        products[0] = TVector.Sum(s00);
        products[1] = TVector.Sum(s01);
        products[2] = TVector.Sum(s02);
        products[3] = TVector.Sum(s03);
        products[4] = TVector.Sum(s10);
        products[5] = TVector.Sum(s11);
        products[6] = TVector.Sum(s12);
        products[7] = TVector.Sum(s13);
        products[8] = TVector.Sum(s20);
        products[9] = TVector.Sum(s21);
        products[10] = TVector.Sum(s22);
        products[11] = TVector.Sum(s23);
    }

    /// <summary>
    /// <c>tile[r][·] = Σ_k weights(r, k)·panel[k][·]</c> for six rows of weights and a panel of as many rows as they have
    /// columns: two vectors and six single elements are read for twelve multiplications.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Combine(in FspWeights<TElement> weights, TElement* panel, TElement* tile)
    {
        TElement* a0 = weights.Row(0), a1 = weights.Row(1), a2 = weights.Row(2);
        TElement* a3 = weights.Row(3), a4 = weights.Row(4), a5 = weights.Row(5);
        long step = weights.ColumnStride, end = weights.Columns * step;
        TVector zero = TVector.Broadcast(0);
        TVector s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero;
        TVector s30 = zero, s31 = zero, s40 = zero, s41 = zero, s50 = zero, s51 = zero;
        for (long k = 0; k < end; k += step, panel += 2 * TVector.Width)
        {
            TVector left = TVector.Load(panel), right = TVector.Load(panel + TVector.Width);
            TVector w = TVector.Repeat(a0 + k);
            s00 = TVector.Fma(w, left, s00);
            s01 = TVector.Fma(w, right, s01);
            w = TVector.Repeat(a1 + k);
            s10 = TVector.Fma(w, left, s10);
            s11 = TVector.Fma(w, right, s11);
            w = TVector.Repeat(a2 + k);
            s20 = TVector.Fma(w, left, s20);
            s21 = TVector.Fma(w, right, s21);
            w = TVector.Repeat(a3 + k);
            s30 = TVector.Fma(w, left, s30);
            s31 = TVector.Fma(w, right, s31);
            w = TVector.Repeat(a4 + k);
            s40 = TVector.Fma(w, left, s40);
            s41 = TVector.Fma(w, right, s41);
            w = TVector.Repeat(a5 + k);
            s50 = TVector.Fma(w, left, s50);
            s51 = TVector.Fma(w, right, s51);
        }

        int width = TVector.Width;
        TVector.Store(tile, s00);
        TVector.Store(tile + width, s01);
        TVector.Store(tile + (2 * width), s10);
        TVector.Store(tile + (3 * width), s11);
        TVector.Store(tile + (4 * width), s20);
        TVector.Store(tile + (5 * width), s21);
        TVector.Store(tile + (6 * width), s30);
        TVector.Store(tile + (7 * width), s31);
        TVector.Store(tile + (8 * width), s40);
        TVector.Store(tile + (9 * width), s41);
        TVector.Store(tile + (10 * width), s50);
        TVector.Store(tile + (11 * width), s51);
    }

    /// <summary>
    /// A panel: columns <paramref name="first"/> and following of some rows, one row after the other, 0 behind the last
    /// column. The planes of an image often lie a multiple of 4096 bytes apart, where a walk through their beginnings would
    /// find no place in the first-level cache.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pack(TElement* rows, long stride, long count, long first, long columns, TElement* panel)
    {
        TElement* source = rows + first;
        int left = (int)Math.Min(TVector.Width, columns - first);
        int right = (int)Math.Clamp(columns - first - TVector.Width, 0, TVector.Width);
        TVector zero = TVector.Broadcast(0);
        for (long k = 0; k < count; k++, source += stride, panel += 2 * TVector.Width)
        {
            if (right == TVector.Width)
            {
                TVector.Store(panel, TVector.Load(source));
                TVector.Store(panel + TVector.Width, TVector.Load(source + TVector.Width));
            }
            else
            {
                TVector.Store(panel, TVector.LoadPartial(source, left, zero));
                TVector.Store(panel + TVector.Width, TVector.LoadPartial(source + TVector.Width, right, zero));
            }
        }
    }

    /// <summary>Writes the first columns of a tile's row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack(TElement* row, TElement* target, long columns)
    {
        if (columns >= 2 * TVector.Width)
        {
            TVector.Store(target, TVector.Load(row));
            TVector.Store(target + TVector.Width, TVector.Load(row + TVector.Width));
            return;
        }

        int left = (int)Math.Min(TVector.Width, columns), right = (int)columns - left;
        TVector.StorePartial(target, left, TVector.Load(row));
        if (right > 0) TVector.StorePartial(target + TVector.Width, right, TVector.Load(row + TVector.Width));
    }
}

/// <summary>The rows of one tile of products.</summary>
internal unsafe ref struct DotRowsOf<TElement>
    where TElement : unmanaged
{
    public TElement* A0;
    public TElement* A1;
    public TElement* A2;
    public TElement* B0;
    public TElement* B1;
    public TElement* B2;
    public TElement* B3;

    public DotRowsOf<TElement> From(long at) => new()
    {
        A0 = A0 + at,
        A1 = A1 + at,
        A2 = A2 + at,
        B0 = B0 + at,
        B1 = B1 + at,
        B2 = B2 + at,
        B3 = B3 + at,
    };
}

/// <summary>
/// A tile of weights: element (r, k) lies <c>r·rowStride + k·columnStride</c> behind the first. The last row stands in for
/// those that are not there.
/// </summary>
internal readonly unsafe struct FspWeights<TElement>(
    TElement* first, long rowStride, long columnStride, int rows, int columns)
    where TElement : unmanaged
{
    public long ColumnStride => columnStride;

    public int Rows => rows;

    public int Columns => columns;

    public TElement* Row(int row) => first + (Math.Min(row, rows - 1) * rowStride);

    /// <summary>The weights from a row and a column on.</summary>
    public FspWeights<TElement> From(int row, int column, int count) =>
        new(first + (row * rowStride) + (column * columnStride), rowStride, columnStride, rows - row, count);
}
