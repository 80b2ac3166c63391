using System.Buffers;

namespace KdKernels.Core;

/// <summary>
/// Across the channels: for features whose channels lie side by side ([B, C] and [B, H, W, C]), and by way of this
/// thread's copy for those where nothing does. A unit is a few rows, through which a vector of channels goes from row
/// to row, so that its squares stay in a register.
/// </summary>
internal sealed unsafe class VidRows<TVector, TElement>(VidProblem problem)
    : VidWork<TVector, TElement>(problem, UnitsOf(problem.Student), RowsPerUnit * problem.Student.Length)
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // Few enough that single precision sums them and that they stay in the first-level cache.
    private const int RowsPerUnit = 32;

    private double[] squaresOfChunks = [];

    protected override void Run(double[] squares)
    {
        int channels = (int)Student.Length, count = Chunks * channels;
        squaresOfChunks = ArrayPool<double>.Shared.Rent(count);
        Array.Clear(squaresOfChunks, 0, count);
        WorkerPool.Execute(this, Chunks, KdCpu.Threads);
        for (int i = 0; i < count; i++) squares[i % channels] += squaresOfChunks[i];
        ArrayPool<double>.Shared.Return(squaresOfChunks);
    }

    protected override void Execute(int chunk, long first, long end)
    {
        TElement* copies = (TElement*)Scratch.Get(
            ScratchUse.Kernel, 3 * RowsPerUnit * Student.Length * sizeof(TElement));
        TElement** pointers = stackalloc TElement*[3 * RowsPerUnit];
        double* upstreams = stackalloc double[RowsPerUnit];
        var block = new VidRowBlock<TElement>
        {
            Means = pointers,
            Teachers = pointers + RowsPerUnit,
            Gradients = HasGradient ? pointers + (2 * RowsPerUnit) : null,
            Upstream = Problem.HasRowUpstream ? upstreams : null,
        };
        fixed (double* squares = &squaresOfChunks[chunk * Student.Length])
        {
            for (long unit = first; unit < end; unit++)
            {
                long row = unit * RowsPerUnit;
                block.Count = (int)Math.Min(RowsPerUnit, Student.Rows - row);
                Find(row, block, copies);
                Add(block, squares);
                WriteBack(row, block, copies);
            }
        }
    }

    /// <summary>Points at the rows where they lie, or at copies of them.</summary>
    private void Find(long row, in VidRowBlock<TElement> block, TElement* copies)
    {
        for (int i = 0; i < block.Count; i++)
        {
            block.Means[i] = RowBuffers<TElement>.Input(Student, row + i, Copy(copies, i, 0));
            block.Teachers[i] = RowBuffers<TElement>.Input(Teacher, row + i, Copy(copies, i, 1));
            if (block.Gradients is not null)
            {
                TElement* direct = Memory.Direct<TElement>(Gradients, row + i);
                block.Gradients[i] = direct is not null ? direct : Copy(copies, i, 2);
            }

            if (block.Upstream is not null) block.Upstream[i] = Memory.Read(Problem.Upstream!.Value, row + i, 0);
        }
    }

    private void Add(in VidRowBlock<TElement> block, double* squares)
    {
        TElement* lanes = stackalloc TElement[TVector.Width];
        for (long channel = 0; channel < Student.Length; channel += TVector.Width)
        {
            int count = (int)Math.Min(TVector.Width, Student.Length - channel);
            TVector scale = count == TVector.Width
                ? TVector.Load(Factors + channel)
                : TVector.LoadPartial(Factors + channel, count, TVector.Broadcast(0));
            TVector.Store(lanes, VidKernels<TVector, TElement>.Column(block, channel, count, scale));
            for (int lane = 0; lane < count; lane++) squares[channel + lane] += Memory.Get(lanes + lane);
        }
    }

    private void WriteBack(long row, in VidRowBlock<TElement> block, TElement* copies)
    {
        if (block.Gradients is null) return;
        for (int i = 0; i < block.Count; i++)
        {
            if (block.Gradients[i] == Copy(copies, i, 2)) Memory.Scatter(Gradients, row + i, block.Gradients[i]);
        }
    }

    private TElement* Copy(TElement* copies, int row, int operand) =>
        copies + (((operand * RowsPerUnit) + row) * Student.Length);

    private static long UnitsOf(RowsView view) => (view.Rows + RowsPerUnit - 1) / RowsPerUnit;
}
