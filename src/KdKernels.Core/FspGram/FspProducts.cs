namespace KdKernels.Core;

/// <summary>
/// Rows of elements that lie side by side. A sample of NCHW features has a row per channel, a plane of pixels; one of NHWC
/// features has a row per pixel, of channels.
/// </summary>
internal readonly unsafe struct FspMatrix<TElement>(TElement* first, long stride, int rows, int columns)
    where TElement : unmanaged
{
    public TElement* First => first;

    public long Stride => stride;

    public int Rows => rows;

    public int Columns => columns;

    public TElement* Row(int row) => first + (row * stride);

    /// <summary>The elements as weights.</summary>
    public FspWeights<TElement> Weights => new(first, stride, 1, rows, columns);

    /// <summary>The elements as weights, rows and columns exchanged.</summary>
    public FspWeights<TElement> Transposed => new(first, 1, stride, columns, rows);
}

/// <summary>The matrix products of one sample, cut into tiles that the first-level cache holds.</summary>
/// <remarks>
/// Not torch's bmm: with 64 x 128 channels of 32 x 32 pixels these ran at 63 to 68 Gflop/s a core on an AVX-512 Zen 4, bmm over
/// OpenBLAS 0.3.21 at 31 to 35, and the difference of the two Gram matrices never leaves the cache.
/// </remarks>
internal static unsafe class FspProducts<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // Seven rows of 4 KiB: what the tiles of Dots read. Longer sums continue in double.
    private const int BlockBytes = 4096;

    // Rows of a panel when a sum is cut: 32 KiB with two vectors of AVX-512.
    private const int Depth = 256;

    private static int BlockSize => BlockBytes / sizeof(TElement);

    /// <summary>Elements of scratch for a panel of so many rows and a tile.</summary>
    public static long ScratchLength(int rows) =>
        (rows + FspKernels<TVector, TElement>.CombineRows) * (long)FspKernels<TVector, TElement>.PanelWidth;

    /// <summary>The same for <see cref="AddPixelProducts"/>.</summary>
    public static long PixelScratchLength => ScratchLength(Depth);

    /// <summary>
    /// Adds <c>scale·F1·F2ᵀ</c> to <paramref name="gram"/> for planes of pixels. Where <paramref name="symmetric"/>, only
    /// the upper half is computed.
    /// </summary>
    public static void AddPlaneProducts(
        in FspMatrix<TElement> f1, in FspMatrix<TElement> f2, bool symmetric, double scale, double* gram)
    {
        const int Rows = FspKernels<TVector, TElement>.DotRows, Columns = FspKernels<TVector, TElement>.DotColumns;
        double* products = stackalloc double[Rows * Columns];
        for (int at = 0; at < f1.Columns; at += BlockSize)
        {
            int length = Math.Min(BlockSize, f1.Columns - at);
            // Four planes of F2 stay in the first-level cache while those of F1 pass.
            for (int j = 0; j < f2.Rows; j += Columns)
            {
                int columns = Math.Min(Columns, f2.Rows - j), end = symmetric ? Math.Min(f1.Rows, j + columns) : f1.Rows;
                for (int i = 0; i < end; i += Rows)
                {
                    int rows = Math.Min(Rows, f1.Rows - i);
                    FspKernels<TVector, TElement>.Dots(Tile(f1, i, f2, j).From(at), length, products);
                    for (int r = 0; r < rows; r++)
                    {
                        double* target = gram + ((long)(i + r) * f2.Rows) + j;
                        for (int c = 0; c < columns; c++) target[c] += scale * products[(Columns * r) + c];
                    }
                }
            }
        }
    }

    /// <summary>The same, <c>scale·F1ᵀ·F2</c>, for rows of channels.</summary>
    public static void AddPixelProducts(
        in FspMatrix<TElement> f1,
        in FspMatrix<TElement> f2,
        bool symmetric,
        double scale,
        double* gram,
        TElement* scratch)
    {
        const int Rows = FspKernels<TVector, TElement>.CombineRows;
        int width = FspKernels<TVector, TElement>.PanelWidth;
        TElement* tile = scratch, panel = scratch + (Rows * width);
        FspWeights<TElement> weights = f1.Transposed;
        for (int at = 0; at < f1.Rows; at += Depth)
        {
            int depth = Math.Min(Depth, f1.Rows - at);
            for (int j = 0; j < f2.Columns; j += width)
            {
                int columns = Math.Min(width, f2.Columns - j);
                int end = symmetric ? Math.Min(f1.Columns, j + columns) : f1.Columns;
                FspKernels<TVector, TElement>.Pack(f2.Row(at), f2.Stride, depth, j, f2.Columns, panel);
                for (int i = 0; i < end; i += Rows)
                {
                    FspKernels<TVector, TElement>.Combine(weights.From(i, at, depth), panel, tile);
                    int rows = Math.Min(Rows, f1.Columns - i);
                    for (int r = 0; r < rows; r++)
                    {
                        double* target = gram + ((long)(i + r) * f2.Columns) + j;
                        TElement* sums = tile + (r * width);
                        for (int c = 0; c < columns; c++) target[c] += scale * Memory.Get(sums + c);
                    }
                }
            }
        }
    }

    /// <summary>The lower half from the upper one.</summary>
    public static void Mirror(double* gram, int count)
    {
        for (int i = 1; i < count; i++)
        {
            for (int j = 0; j < i; j++) gram[((long)i * count) + j] = gram[((long)j * count) + i];
        }
    }

    /// <summary>The rows <c>target_r = Σ_k weights(r, k)·rows_k</c>.</summary>
    public static void Combine(
        in FspWeights<TElement> weights, in FspMatrix<TElement> rows, in FspMatrix<TElement> target, TElement* scratch)
    {
        const int Rows = FspKernels<TVector, TElement>.CombineRows;
        int width = FspKernels<TVector, TElement>.PanelWidth;
        TElement* tile = scratch, panel = scratch + (Rows * width);
        for (int at = 0; at < rows.Columns; at += width)
        {
            FspKernels<TVector, TElement>.Pack(rows.First, rows.Stride, rows.Rows, at, rows.Columns, panel);
            for (int row = 0; row < target.Rows; row += Rows)
            {
                FspKernels<TVector, TElement>.Combine(weights.From(row, 0, weights.Columns), panel, tile);
                int count = Math.Min(Rows, target.Rows - row);
                for (int r = 0; r < count; r++)
                    FspKernels<TVector, TElement>.Unpack(tile + (r * width), target.Row(row + r) + at, rows.Columns - at);
            }
        }
    }

    // At the edge the last row stands in for those that are not there.
    private static DotRowsOf<TElement> Tile(in FspMatrix<TElement> f1, int i, in FspMatrix<TElement> f2, int j)
    {
        int last1 = f1.Rows - 1, last2 = f2.Rows - 1;
        return new DotRowsOf<TElement>
        {
            A0 = f1.Row(i),
            A1 = f1.Row(Math.Min(i + 1, last1)),
            A2 = f1.Row(Math.Min(i + 2, last1)),
            B0 = f2.Row(j),
            B1 = f2.Row(Math.Min(j + 1, last2)),
            B2 = f2.Row(Math.Min(j + 2, last2)),
            B3 = f2.Row(Math.Min(j + 3, last2)),
        };
    }
}
