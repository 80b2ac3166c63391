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
    // Beside the lowest bit, which says whether the matrix is transposed: registers are scarce in the loop.
    private const int HasSlopes = 2;

    private float w0;
    private float w1;
    private float w2;
    private float w3;
    private ArrayView<float> weights;
    private ArrayView<float> slopes;
    private long step;
    private long innerStride;
    private int form;
    private int rowsLeft;
    private int innerLeft;

    /// <summary>
    /// Begins with rows from <paramref name="firstRow"/>. Neighbouring threads take what is side by side in memory: columns, or rows
    /// of the transposed matrix.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GradientWeights Of<T>(in GradientSide<T> side, int firstRow)
        where T : unmanaged
    {
        GradientWeights result = default;
        bool second = side.Transposed != 0;
        int row = second ? ((Group.IdxX >> 5) * 8) + (Group.IdxX & 7) : Group.IdxX >> 4;
        int inner = second ? (Group.IdxX >> 3) & 3 : Group.IdxX & 15;
        result.form = side.Transposed | (side.Slopes.Length > 0 ? HasSlopes : 0);
        result.step = second ? 4 * side.InnerStride : 16 * side.RowStride;
        result.innerStride = side.InnerStride;
        result.rowsLeft = side.Rows - firstRow - row;
        result.innerLeft = side.Inner - inner;
        result.weights = side.Weights.SubView(((firstRow + row) * side.RowStride) + (inner * side.InnerStride));
        result.slopes = side.Slopes;
        if (side.Slopes.Length > 0) result.slopes = side.Slopes.SubView(second ? firstRow + row : inner);
        return result;
    }

    /// <summary>Loads those of 16 inner indices from <paramref name="first"/>: 0, then 16, and so on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(int first)
    {
        int left = innerLeft - first;
        int rowStep = (form & 1) != 0 ? 0 : 16;
        int innerStep = (form & 1) != 0 ? 4 : 0;
        // All of a thread's weights belong to one column, whose slope it is.
        float slope = 1f;
        if ((form & HasSlopes) != 0 & rowsLeft > 0 & left > 0) slope = slopes[(form & 1) != 0 ? 0 : first];
        w0 = 0f;
        w1 = 0f;
        w2 = 0f;
        w3 = 0f;
        if (rowsLeft > 0 & left > 0) w0 = slope * weights[0];
        // From one to the next, since three offsets would take six registers.
        var at = weights.SubView(step);
        if (rowsLeft > rowStep & left > innerStep) w1 = slope * at[0];
        at = at.SubView(step);
        if (rowsLeft > 2 * rowStep & left > 2 * innerStep) w2 = slope * at[0];
        at = at.SubView(step);
        if (rowsLeft > 3 * rowStep & left > 3 * innerStep) w3 = slope * at[0];
        weights = weights.SubView(16 * innerStride);
    }

    /// <summary>Writes them to a stage.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<float> stage)
    {
        if ((form & 1) != 0)
        {
            int row = ((Group.IdxX >> 5) * 8) + (Group.IdxX & 7);
            var line = stage.SubView((row * 16) + ((Group.IdxX >> 3) & 3));
            int order = (row >> 1) & 3;
            line[order << 2] = w0;
            line[(order ^ 1) << 2] = w1;
            line[(order ^ 2) << 2] = w2;
            line[(order ^ 3) << 2] = w3;
        }
        else
        {
            int row = Group.IdxX >> 4;
            int inner = Group.IdxX & 15;
            var line = stage.SubView((row * 16) + (((inner >> 2) ^ ((row >> 1) & 3)) << 2) + (inner & 3));
            line[0] = w0;
            line[256] = w1;
            line[512] = w2;
            line[768] = w3;
        }
    }
}
