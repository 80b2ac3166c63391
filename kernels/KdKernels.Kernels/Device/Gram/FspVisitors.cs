using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>Writes a tile's sums to the matrices, and for a symmetric matrix to the mirrored place as well.</summary>
public struct GramStore : ITileVisitor
{
    public ArrayView<float> Gram;
    public RowStrides Strides;
    public long Start;
    public float Scale;

    /// <summary>This thread's first row and column in the matrix.</summary>
    public int Row;

    public int Column;
    public int Rows;
    public int Columns;
    public int Paired;

    /// <summary>1: the tile has a mirrored one.</summary>
    public int Mirrored;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref MmaSums sums, int row, int column, int index)
    {
        sums.X *= Scale;
        sums.Y *= Scale;
        sums.Z *= Scale;
        sums.W *= Scale;
        Pair(Row + row, Column + column, sums.X, sums.Y);
        Pair(Row + row + 8, Column + column, sums.Z, sums.W);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Pair(int row, int column, float first, float second)
    {
        if (Gram.Length == 0 | row >= Rows) return;
        long at = Start + (row * Strides.Inner) + (column * Strides.Element);
        if (Paired != 0 & column + 1 < Columns)
        {
            Ptx.StorePair(ref Gram[at], first, second);
        }
        else
        {
            if (column < Columns) Gram[at] = first;
            if (column + 1 < Columns) Gram[at + Strides.Element] = second;
        }
        if (Mirrored == 0) return;
        long mirror = Start + (column * Strides.Inner) + (row * Strides.Element);
        if (column < Columns) Gram[mirror] = first;
        if (column + 1 < Columns) Gram[mirror + Strides.Inner] = second;
    }
}

/// <summary>Writes a part's sums to the workspace: neighbouring threads side by side.</summary>
public struct PartStore : ITileVisitor
{
    public ArrayView<float> Part;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref MmaSums sums, int row, int column, int index)
    {
        Part[index * 512] = sums.X;
        Part[(index * 512) + 128] = sums.Y;
        Part[(index * 512) + 256] = sums.Z;
        Part[(index * 512) + 384] = sums.W;
    }
}

/// <summary>Adds a part that another block wrote.</summary>
public struct PartAdd : ITileVisitor
{
    public ArrayView<float> Part;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref MmaSums sums, int row, int column, int index)
    {
        sums.X += Ptx.LoadShared(ref Part[index * 512]);
        sums.Y += Ptx.LoadShared(ref Part[(index * 512) + 128]);
        sums.Z += Ptx.LoadShared(ref Part[(index * 512) + 256]);
        sums.W += Ptx.LoadShared(ref Part[(index * 512) + 384]);
    }
}

/// <summary>The squares of a thread's eight columns over its rows.</summary>
public struct ColumnSquares : ITileVisitor
{
    /// <summary>This thread's first row and column in the matrix.</summary>
    public int Row;

    public int Rows;
    public float C0;
    public float C1;
    public float C2;
    public float C3;
    public float C4;
    public float C5;
    public float C6;
    public float C7;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(ref MmaSums sums, int row, int column, int index)
    {
        // A row that does not exist repeats the last one.
        float x = Row + row < Rows ? sums.X : 0f;
        float y = Row + row < Rows ? sums.Y : 0f;
        float z = Row + row + 8 < Rows ? sums.Z : 0f;
        float w = Row + row + 8 < Rows ? sums.W : 0f;
        float even = (x * x) + (z * z);
        float odd = (y * y) + (w * w);
        if (column == 0)
        {
            C0 += even;
            C1 += odd;
        }
        if (column == 8)
        {
            C2 += even;
            C3 += odd;
        }
        if (column == 16)
        {
            C4 += even;
            C5 += odd;
        }
        if (column == 24)
        {
            C6 += even;
            C7 += odd;
        }
    }

    /// <summary>Sums over the lanes that have the same columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Reduce()
    {
        C0 = OverRows(C0);
        C1 = OverRows(C1);
        C2 = OverRows(C2);
        C3 = OverRows(C3);
        C4 = OverRows(C4);
        C5 = OverRows(C5);
        C6 = OverRows(C6);
        C7 = OverRows(C7);
    }

    /// <summary>Writes them to <paramref name="to"/>, at this lane's first column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Write(ArrayView<float> to)
    {
        to[0] = C0;
        to[1] = C1;
        to[8] = C2;
        to[9] = C3;
        to[16] = C4;
        to[17] = C5;
        to[24] = C6;
        to[25] = C7;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float OverRows(float value)
    {
        value += Warp.ShuffleXor(value, 4);
        value += Warp.ShuffleXor(value, 8);
        return value + Warp.ShuffleXor(value, 16);
    }
}
