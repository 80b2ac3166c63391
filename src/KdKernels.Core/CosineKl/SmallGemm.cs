using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>A left factor of any strides: element (m, k) lies <c>m * RowStride + k * Step</c> behind its start.</summary>
internal readonly unsafe struct LeftFactor<TElement>(TElement* start, long rowStride, long step)
    where TElement : unmanaged
{
    public readonly TElement* Start = start;
    public readonly long RowStride = rowStride;
    public readonly long Step = step;
}

/// <summary>
/// C = A·B for matrices that fit the second-level cache, with lanes along the rows of B and C: no factor is packed or
/// transposed. Six rows by two vectors of C are summed in registers, in the order of k, so that the bits of an element
/// do not depend on where it stands.
/// </summary>
internal static unsafe class SmallGemm<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    /// <summary>Rows of C that are computed together.</summary>
    public const int Rows = 6;

    /// <summary>Elements of a row of C that are computed together: B and C are padded to a multiple of it.</summary>
    public static int Columns => 2 * TVector.Width;

    /// <summary>Computes rows <paramref name="first"/> to <paramref name="end"/> of C.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Multiply(
        in LeftFactor<TElement> a, TElement* b, TElement* c, long first, long end, long inner, long columns)
    {
        for (long column = 0; column < columns; column += Columns)
        {
            long row = first;
            for (; row + Rows <= end; row += Rows)
            {
                Six(a.Start + (row * a.RowStride), a.RowStride, a.Step, b + column, c + (row * columns) + column, inner, columns);
            }

            for (; row < end; row++)
                One(a.Start + (row * a.RowStride), a.Step, b + column, c + (row * columns) + column, inner, columns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Six(
        TElement* a, long rowStride, long step, TElement* b, TElement* c, long inner, long columns)
    {
        TVector zero = TVector.Broadcast(0);
        TVector c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero;
        TVector c30 = zero, c31 = zero, c40 = zero, c41 = zero, c50 = zero, c51 = zero;
        TElement* lower = a + (3 * rowStride);
        for (long k = 0; k < inner; k++, a += step, lower += step, b += columns)
        {
            TVector b0 = TVector.Load(b), b1 = TVector.Load(b + TVector.Width);
            TVector x = TVector.Repeat(a);
            c00 = TVector.Fma(x, b0, c00);
            c01 = TVector.Fma(x, b1, c01);
            x = TVector.Repeat(a + rowStride);
            c10 = TVector.Fma(x, b0, c10);
            c11 = TVector.Fma(x, b1, c11);
            x = TVector.Repeat(a + (2 * rowStride));
            c20 = TVector.Fma(x, b0, c20);
            c21 = TVector.Fma(x, b1, c21);
            x = TVector.Repeat(lower);
            c30 = TVector.Fma(x, b0, c30);
            c31 = TVector.Fma(x, b1, c31);
            x = TVector.Repeat(lower + rowStride);
            c40 = TVector.Fma(x, b0, c40);
            c41 = TVector.Fma(x, b1, c41);
            x = TVector.Repeat(lower + (2 * rowStride));
            c50 = TVector.Fma(x, b0, c50);
            c51 = TVector.Fma(x, b1, c51);
        }

        Store(c, c00, c01);
        Store(c + columns, c10, c11);
        Store(c + (2 * columns), c20, c21);
        Store(c + (3 * columns), c30, c31);
        Store(c + (4 * columns), c40, c41);
        Store(c + (5 * columns), c50, c51);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One(TElement* a, long step, TElement* b, TElement* c, long inner, long columns)
    {
        TVector c0 = TVector.Broadcast(0), c1 = c0;
        for (long k = 0; k < inner; k++, a += step, b += columns)
        {
            TVector x = TVector.Repeat(a);
            c0 = TVector.Fma(x, TVector.Load(b), c0);
            c1 = TVector.Fma(x, TVector.Load(b + TVector.Width), c1);
        }

        Store(c, c0, c1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TElement* c, TVector c0, TVector c1)
    {
        TVector.Store(c, c0);
        TVector.Store(c + TVector.Width, c1);
    }
}
