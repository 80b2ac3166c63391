using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>
/// One of the two gradients: <c>W·F2</c> for the first layer, <c>Wᵀ·F1</c> for the second. Its rows are the channels of its layer,
/// its inner index the channels of the other one.
/// </summary>
public struct GradientSide<T>
    where T : unmanaged
{
    public ArrayView<T> Others;
    public FspMap Map;
    public ArrayView<T> Gradient;
    public ArrayView<float> Pooled;
    public RowStrides Strides;
    public ArrayView<float> Weights;
    public ArrayView<float> Slopes;

    /// <summary>From row to row of the weights.</summary>
    public long RowStride;

    /// <summary>Along the inner index.</summary>
    public long InnerStride;

    public int Rows;
    public int Inner;

    /// <summary>1: rows of the weights are columns of the matrix.</summary>
    public int Transposed;

    public int Height;
    public int Width;
    public int Average;

    public readonly int Pixels => Height * Width;

    /// <param name="a">The call.</param>
    /// <param name="sample">Whose gradient.</param>
    /// <param name="transposed">1: the second layer's.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GradientSide<T> Of(in FspGradientArguments<T> a, long sample, int transposed)
    {
        bool second = transposed != 0;
        GradientSide<T> side;
        side.Others = second ? a.Features1 : a.Features2;
        side.Map = second ? a.Map1 : a.Map2;
        side.Gradient = second ? a.Gradient2 : a.Gradient1;
        side.Pooled = second ? a.Pooled2 : a.Pooled1;
        side.Strides = second ? a.Gradient2Strides : a.Gradient1Strides;
        side.Weights = a.Weights.SubView(sample * a.WeightStrides.Outer);
        side.Slopes = a.Slopes.Length > 0 ? a.Slopes.SubView(sample * a.Channels2) : a.Slopes;
        side.RowStride = second ? a.WeightStrides.Element : a.WeightStrides.Inner;
        side.InnerStride = second ? a.WeightStrides.Inner : a.WeightStrides.Element;
        side.Rows = second ? a.Channels2 : a.Channels1;
        side.Inner = second ? a.Channels1 : a.Channels2;
        side.Transposed = transposed;
        side.Height = a.Height;
        side.Width = a.Width;
        side.Average = a.Average;
        return side;
    }
}

/// <summary>
/// The weights of 64 rows, 16 at a time, on their way to shared memory: four of a thread. Rows of 16 words hold their vectors of
/// four in an order that depends on the row, so that neither writing by rows or by columns nor reading by vectors has bank
/// conflicts.
/// </summary>
public struct GradientWeights
{
    private float w0;
    private float w1;
    private float w2;
    private float w3;
    private int row;
    private int inner;
    private int rowStep;
    private int innerStep;

    /// <summary>Neighbouring threads take what is side by side in memory: columns, or rows of the transposed matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GradientWeights Of(int transposed)
    {
        GradientWeights weights = default;
        bool second = transposed != 0;
        weights.row = second ? ((Group.IdxX >> 5) * 8) + (Group.IdxX & 7) : Group.IdxX >> 4;
        weights.inner = second ? (Group.IdxX >> 3) & 3 : Group.IdxX & 15;
        weights.rowStep = second ? 0 : 16;
        weights.innerStep = second ? 4 : 0;
        return weights;
    }

    /// <summary>Loads those of rows from <paramref name="firstRow"/> and 16 inner ones from <paramref name="firstInner"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load<T>(in GradientSide<T> side, int firstRow, int firstInner)
        where T : unmanaged
    {
        w0 = Value(side, firstRow + row, firstInner + inner);
        w1 = Value(side, firstRow + row + rowStep, firstInner + inner + innerStep);
        w2 = Value(side, firstRow + row + (2 * rowStep), firstInner + inner + (2 * innerStep));
        w3 = Value(side, firstRow + row + (3 * rowStep), firstInner + inner + (3 * innerStep));
    }

    /// <summary>Writes them to a stage.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> stage)
    {
        stage[At(row, inner)] = w0;
        stage[At(row + rowStep, inner + innerStep)] = w1;
        stage[At(row + (2 * rowStep), inner + (2 * innerStep))] = w2;
        stage[At(row + (3 * rowStep), inner + (3 * innerStep))] = w3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int At(int row, int inner) => (row * 16) + (((inner >> 2) ^ ((row >> 1) & 3)) << 2) + (inner & 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Value<T>(in GradientSide<T> side, int row, int inner)
        where T : unmanaged
    {
        float value = 0f;
        if (row < side.Rows & inner < side.Inner)
        {
            value = side.Weights[(row * side.RowStride) + (inner * side.InnerStride)];
            if (side.Slopes.Length > 0) value *= side.Slopes[side.Transposed != 0 ? row : inner];
        }
        return value;
    }
}
