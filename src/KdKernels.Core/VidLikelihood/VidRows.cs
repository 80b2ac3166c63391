using System.Buffers;

namespace KdKernels.Core;

/// <summary>
/// Across the channels: for features whose channels lie side by side ([B, C] and [B, H, W, C]), and by way of this
/// thread's copy of a row for those where nothing does. A unit is a few rows; each is walked from end to end, as memory
/// likes it, while the channels' squares wait in the first-level cache.
/// </summary>
internal sealed unsafe class VidRows<TVector, TElement>(VidProblem problem)
    : VidWork<TVector, TElement>(problem, UnitsOf(problem.Student), RowsPerUnit * problem.Student.Length)
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // So many squares are summed in single precision before they go to double.
    private const int RowsPerUnit = 32;

    // Copied out of the problem: unwrapping its optional view row by row shows at few channels.
    private readonly bool hasRowUpstream = problem.HasRowUpstream;
    private readonly RowsView upstreams = problem.Upstream.GetValueOrDefault();
    private double[] squaresOfChunks = [];

    protected override void Run(double[] squares)
    {
        int channels = (int)Student.Length, count = Chunks * channels;
        squaresOfChunks = ArrayPool<double>.Shared.Rent(count);
        Array.Clear(squaresOfChunks, 0, count);
        WorkerPool.Execute(this, Chunks, KdCpu.Threads);
        for (int chunk = 0; chunk < Chunks; chunk++)
        {
            for (int c = 0; c < channels; c++) squares[c] += squaresOfChunks[(chunk * channels) + c];
        }

        ArrayPool<double>.Shared.Return(squaresOfChunks);
    }

    protected override void Execute(int chunk, long first, long end)
    {
        var buffers = new Buffers(Student.Length);
        fixed (double* total = &squaresOfChunks[chunk * Student.Length])
        {
            for (long unit = first; unit < end; unit++)
            {
                new Span<TElement>(buffers.Squares, (int)Student.Length).Clear();
                long endOfUnit = Math.Min((unit + 1) * RowsPerUnit, Student.Rows);
                for (long row = unit * RowsPerUnit; row < endOfUnit; row++) Add(row, buffers);
                for (long c = 0; c < Student.Length; c++) total[c] += Memory.Get(buffers.Squares + c);
            }
        }
    }

    private void Add(long row, in Buffers buffers)
    {
        TElement* gradient = null;
        if (HasGradient)
        {
            TElement* direct = Memory.Direct<TElement>(Gradients, row);
            gradient = direct is not null ? direct : buffers.Gradient;
        }

        VidKernels<TVector, TElement>.Row(
            RowBuffers<TElement>.Input(Student, row, buffers.Student),
            RowBuffers<TElement>.Input(Teacher, row, buffers.Teacher),
            Factors,
            buffers.Squares,
            Student.Length,
            TVector.Broadcast(hasRowUpstream ? Memory.Read(upstreams, row, 0) : 1),
            gradient);
        if (gradient is not null && gradient == buffers.Gradient) Memory.Scatter(Gradients, row, gradient);
    }

    private static long UnitsOf(RowsView view) => (view.Rows + RowsPerUnit - 1) / RowsPerUnit;

    /// <summary>This thread's memory for one row at a time.</summary>
    private readonly struct Buffers(long channels)
    {
        private const int Arrays = 4;

        private readonly TElement* memory =
            (TElement*)Scratch.Get(ScratchUse.Kernel, Arrays * channels * sizeof(TElement));

        public TElement* Squares => memory;

        public TElement* Student => memory + channels;

        public TElement* Teacher => memory + (2 * channels);

        public TElement* Gradient => memory + (3 * channels);
    }
}
