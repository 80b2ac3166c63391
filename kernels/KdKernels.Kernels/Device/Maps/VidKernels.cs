using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>The kernels of VidLikelihood.</summary>
public static class VidKernels
{
    private const int Warps = MapColumns.Threads / 32;

    /// <summary>
    /// A warp for a channel and a chunk of rows: the squares, and from the same read the gradient of μ, whose factor the variance alone
    /// determines. The last block makes loss and gradient of ρ of the squares.
    /// </summary>
    public static void Channels<T, TElement, TBody>(VidArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
        where TBody : struct, IVidBody<T>
    {
        var integers = SharedMemory.Allocate<int>(8);
        var sums = SharedMemory.Allocate<double>(BlockSums.SharedDoubles);
        TElement element = default;
        element.BeginPhase(0, 0);
        float common = (float)(CommonUpstream(a) / Divisor(a));
        int groups = (a.Channels + Warps - 1) / Warps;
        long tasks = (long)groups * a.Chunks;
        for (long task = Grid.IdxX; task < tasks; task += Grid.DimX)
        {
            int chunk = (int)(task / groups);
            int channel = ((int)(task - ((long)chunk * groups)) * Warps) + (Group.IdxX >> 5);
            double sum = 0;
            if (channel < a.Channels)
            {
                var properties = VidChannel.Load(a, element, channel);
                sum = default(TBody).Channel(a, channel, chunk, common / properties.Variance);
            }
            sum = WarpReduce.Sum(sum, 16);
            if (channel < a.Channels & (Group.IdxX & 31) == 0) a.Partials[((long)chunk * a.Channels) + channel] = sum;
        }
        if (a.Loss.Length == 0 & a.RhoGradient.Length == 0) return;
        // Every warp has written sums, and one thread's ticket tells of them.
        Group.Barrier();
        if (!LastBlock.IsThis(a.Counters, integers)) return;
        if (Group.IdxX == 0) a.Counters[0] = 0;
        Finish(a, element, common, sums);
    }

    /// <summary>Each row's own value: a thread for a row, the channels' weights by way of shared memory.</summary>
    public static void Rows<T, TElement>(VidArguments<T> a)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        var weights = SharedMemory.Allocate<float>(MapColumns.Threads);
        var sums = SharedMemory.Allocate<double>(BlockSums.SharedDoubles);
        TElement element = default;
        element.BeginPhase(0, 0);
        long tiles = (a.Rows + MapColumns.Threads - 1) / MapColumns.Threads;
        for (long tile = Grid.IdxX; tile < tiles; tile += Grid.DimX)
        {
            long row = (tile * MapColumns.Threads) + Group.IdxX;
            var index = RowIndex.Of(row < a.Rows ? row : 0, a.Inner);
            var student = a.Student.SubView(a.StudentStrides.Row(index));
            var teacher = a.Teacher.SubView(a.TeacherStrides.Row(index));
            double squares = 0;
            double constant = 0;
            for (int first = 0; first < a.Channels; first += MapColumns.Threads)
            {
                int mine = first + Group.IdxX;
                if (mine < a.Channels)
                {
                    var channel = VidChannel.Load(a, element, mine);
                    weights[Group.IdxX] = 0.5f / channel.Variance;
                    constant += channel.Constant(a.WithConstant);
                }
                Group.Barrier();
                int count = a.Channels - first < MapColumns.Threads ? a.Channels - first : MapColumns.Threads;
                for (int i = 0; i < (row < a.Rows ? count : 0); i++)
                {
                    float m = element.Load(ref student[(first + i) * a.StudentStrides.Element]);
                    float difference = m - element.Load(ref teacher[(first + i) * a.TeacherStrides.Element]);
                    squares += difference * difference * weights[i];
                }
                Group.Barrier();
            }
            double unused = 0;
            BlockSums.Of(ref constant, ref unused, sums, 0);
            if (row < a.Rows) a.Loss[row] = (float)(squares + constant);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<T, TElement>(in VidArguments<T> a, TElement element, float common, ArrayView<double> shared)
        where T : unmanaged
        where TElement : struct, IElement<T>
    {
        double rows = a.Rows;
        double unused = 0;
        if (a.HasRowUpstream != 0)
        {
            rows = 0;
            for (long row = Group.IdxX; row < a.Rows; row += MapColumns.Threads) rows += a.Upstream[row];
            BlockSums.Of(ref rows, ref unused, shared, 1);
        }

        double loss = 0;
        for (int c = Group.IdxX; c < a.Channels; c += MapColumns.Threads)
        {
            double squares = 0;
            for (int chunk = 0; chunk < a.Chunks; chunk++) squares += Ptx.LoadShared(ref a.Partials[((long)chunk * a.Channels) + c]);
            var channel = VidChannel.Load(a, element, c);
            double residual = squares / channel.Variance;
            loss += (0.5 * residual) + (rows * channel.Constant(a.WithConstant));
            if (a.RhoGradient.Length == 0) continue;
            // Of no rows the means are NaN, but no row pulls at ρ.
            double slope = a.Rows == 0 ? 0.0 : 0.5 * channel.Sigmoid * ((rows - residual) / channel.Variance) * common;
            element.Store(ref a.RhoGradient[c * a.RhoGradientStride], (float)slope);
        }
        BlockSums.Of(ref loss, ref unused, shared, 2);
        if (a.Loss.Length > 0 & Group.IdxX == 0) a.Loss[0] = (float)(loss / Divisor(a));
    }

    /// <summary>The upstream gradient that all rows share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float CommonUpstream<T>(in VidArguments<T> a)
        where T : unmanaged => a.Upstream.Length > 0 & a.HasRowUpstream == 0 ? a.Upstream[0] : 1f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double Divisor<T>(in VidArguments<T> a)
        where T : unmanaged =>
        a.Reduction == 3 ? a.Rows : a.Reduction == 2 ? (double)a.Rows * a.Channels : 1.0;
}
