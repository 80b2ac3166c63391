using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>What is done to the sums of a thread's tile: four neighbours of a 2 x 2 pattern, whose index is a constant.</summary>
public interface ITileVisitor
{
    /// <param name="sums">X and Y are columns <paramref name="column"/> and the next of <paramref name="row"/>, Z and W of row + 8.</param>
    /// <param name="row">In the warp's 32 x 32 tile, without the lane's share.</param>
    /// <param name="column">The same.</param>
    /// <param name="index">0 to 7.</param>
    void Visit(ref MmaSums sums, int row, int column, int index);
}

/// <summary>What is done to the rows of a thread's tile.</summary>
public interface ITileRowVisitor
{
    /// <param name="row">In the warp's 32 rows, without the lane's share; a constant.</param>
    /// <param name="even">Column 2q of each of the four tiles.</param>
    /// <param name="odd">Column 2q + 1 of each.</param>
    void Visit(int row, GradientPixels even, GradientPixels odd);
}

/// <summary>A lane's four words of a column in each of four tiles.</summary>
public struct GramColumns
{
    public U4 C0;
    public U4 C1;
    public U4 C2;
    public U4 C3;
}

/// <summary>A thread's share of a warp's 32 x 32 sums: two tiles of 16 rows by four of 8 columns.</summary>
public struct GramTile
{
    private MmaSums t0;
    private MmaSums t1;
    private MmaSums t2;
    private MmaSums t3;
    private MmaSums t4;
    private MmaSums t5;
    private MmaSums t6;
    private MmaSums t7;

    /// <summary>
    /// Adds the products of 32 rows with 32 columns over 16 words. Sums of a chunk are made by the tensor cores, whose additions
    /// round towards zero, and added up here, to nearest: over a thousand pixels the former alone would be 1e-5 off.
    /// </summary>
    /// <param name="product">How words are multiplied.</param>
    /// <param name="rows">Shared memory, rows of four vectors, at this lane's share of the warp's first row.</param>
    /// <param name="columns">This lane's words of a column of each tile.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddProducts<TProduct>(in TProduct product, ArrayView<U4> rows, in GramColumns columns)
        where TProduct : struct, IGramProduct
    {
        var a0 = product.Prepare(rows[0]);
        var a1 = product.Prepare(rows[32]);
        var a2 = product.Prepare(rows[64]);
        var a3 = product.Prepare(rows[96]);
        var b = product.PrepareColumn(columns.C0);
        Add(ref t0, product.Multiply(a0, a1, b));
        Add(ref t4, product.Multiply(a2, a3, b));
        b = product.PrepareColumn(columns.C1);
        Add(ref t1, product.Multiply(a0, a1, b));
        Add(ref t5, product.Multiply(a2, a3, b));
        b = product.PrepareColumn(columns.C2);
        Add(ref t2, product.Multiply(a0, a1, b));
        Add(ref t6, product.Multiply(a2, a3, b));
        b = product.PrepareColumn(columns.C3);
        Add(ref t3, product.Multiply(a0, a1, b));
        Add(ref t7, product.Multiply(a2, a3, b));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Each<TVisitor>(ref TVisitor visitor)
        where TVisitor : struct, ITileVisitor
    {
        visitor.Visit(ref t0, 0, 0, 0);
        visitor.Visit(ref t1, 0, 8, 1);
        visitor.Visit(ref t2, 0, 16, 2);
        visitor.Visit(ref t3, 0, 24, 3);
        visitor.Visit(ref t4, 16, 0, 4);
        visitor.Visit(ref t5, 16, 8, 5);
        visitor.Visit(ref t6, 16, 16, 6);
        visitor.Visit(ref t7, 16, 24, 7);
    }

    /// <summary>The sums row by row, multiplied: those of the even columns of the four tiles, and of the odd ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void EachRow<TVisitor>(ref TVisitor visitor, float factor)
        where TVisitor : struct, ITileRowVisitor
    {
        Rows(ref visitor, 0, factor, t0, t1, t2, t3);
        Rows(ref visitor, 16, factor, t4, t5, t6, t7);
    }

    /// <summary>this·scale − other·otherScale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Subtract(float scale, in GramTile other, float otherScale)
    {
        Subtract(ref t0, scale, other.t0, otherScale);
        Subtract(ref t1, scale, other.t1, otherScale);
        Subtract(ref t2, scale, other.t2, otherScale);
        Subtract(ref t3, scale, other.t3, otherScale);
        Subtract(ref t4, scale, other.t4, otherScale);
        Subtract(ref t5, scale, other.t5, otherScale);
        Subtract(ref t6, scale, other.t6, otherScale);
        Subtract(ref t7, scale, other.t7, otherScale);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rows<TVisitor>(
        ref TVisitor visitor, int row, float factor, MmaSums a, MmaSums b, MmaSums c, MmaSums d)
        where TVisitor : struct, ITileRowVisitor
    {
        visitor.Visit(row, Four(factor, a.X, b.X, c.X, d.X), Four(factor, a.Y, b.Y, c.Y, d.Y));
        visitor.Visit(row + 8, Four(factor, a.Z, b.Z, c.Z, d.Z), Four(factor, a.W, b.W, c.W, d.W));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static GradientPixels Four(float factor, float a, float b, float c, float d)
    {
        GradientPixels four;
        four.P0 = factor * a;
        four.P1 = factor * b;
        four.P2 = factor * c;
        four.P3 = factor * d;
        return four;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref MmaSums to, MmaSums sums)
    {
        to.X += sums.X;
        to.Y += sums.Y;
        to.Z += sums.Z;
        to.W += sums.W;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Subtract(ref MmaSums from, float scale, MmaSums other, float otherScale)
    {
        from.X = Difference(from.X, scale, other.X, otherScale);
        from.Y = Difference(from.Y, scale, other.Y, otherScale);
        from.Z = Difference(from.Z, scale, other.Z, otherScale);
        from.W = Difference(from.W, scale, other.W, otherScale);
    }

    // Both products are rounded: in a fused multiply-add one of them would not be, and equal networks would differ.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Difference(float a, float scale, float b, float otherScale) =>
        Ptx.Multiply(a, scale) - Ptx.Multiply(b, otherScale);
}
