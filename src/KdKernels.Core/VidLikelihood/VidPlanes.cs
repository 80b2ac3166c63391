using System.Buffers;
using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>
/// Along the channels: for features whose neighbouring rows lie side by side ([B, C, H, W]). A unit is a piece of one
/// channel's plane, all of whose elements have one variance; nothing is transposed or copied.
/// </summary>
internal sealed unsafe class VidPlanes<TVector, TElement>(VidProblem problem)
    : VidWork<TVector, TElement>(
        problem, problem.Student.Outer * UnitsPerOuter(problem.Student), Math.Min(problem.Student.Inner, Piece))
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // A lane sums 64 squares of a piece in single precision at most; pieces are summed in double.
    private const long Piece = 4096;

    private readonly long piecesPerPlane = PiecesOf(problem.Student);
    private double[] squaresOfUnits = [];
    private TElement* upstreams;

    public static bool Fits(VidProblem problem) =>
        problem.Student.Inner > 1
        && (problem.Student.ElementStride != 1 || problem.Teacher.ElementStride != 1)
        && HasAdjacentRows(problem.Student)
        && HasAdjacentRows(problem.Teacher)
        && (problem.StudentGradient is not { } gradient || HasAdjacentRows(gradient));

    protected override void Run(double[] squares)
    {
        long units = Student.Outer * UnitsPerOuter(Student);
        squaresOfUnits = ArrayPool<double>.Shared.Rent((int)units);
        try
        {
            if (Problem.HasRowUpstream) upstreams = CopyOfUpstream();
            WorkerPool.Execute(this, Chunks, KdCpu.Threads);
            AddUp(squares);
        }
        finally
        {
            NativeMemory.AlignedFree(upstreams);
            ArrayPool<double>.Shared.Return(squaresOfUnits);
        }
    }

    private void AddUp(double[] squares)
    {
        int unit = 0;
        for (long outer = 0; outer < Student.Outer; outer++)
        {
            for (long channel = 0; channel < Student.Length; channel++)
            {
                for (long piece = 0; piece < piecesPerPlane; piece++) squares[channel] += squaresOfUnits[unit++];
            }
        }
    }

    protected override void Execute(int chunk, long first, long end)
    {
        (long plane, long piece) = Math.DivRem(first, piecesPerPlane);
        (long outer, long channel) = Math.DivRem(plane, Student.Length);
        for (long unit = first; unit < end; unit++)
        {
            squaresOfUnits[unit] = Squares(outer, channel, piece * Piece);
            // Counted up: divisions would take as long as a small plane.
            if (++piece < piecesPerPlane) continue;
            piece = 0;
            if (++channel < Student.Length) continue;
            channel = 0;
            outer++;
        }
    }

    private double Squares(long outer, long channel, long inner)
    {
        long count = Math.Min(Piece, Student.Inner - inner);
        TElement* mean = At(Student, outer, inner, channel), teacher = At(Teacher, outer, inner, channel);
        TElement* gradient = HasGradient ? At(Gradients, outer, inner, channel) : null;
        TVector scale = TVector.Broadcast(Memory.Get(Factors + channel));
        return upstreams is null
            ? VidKernels<TVector, TElement>.Plane(mean, teacher, count, scale, gradient)
            : VidKernels<TVector, TElement>.WeightedPlane(
                mean, teacher, upstreams + (outer * Student.Inner) + inner, count, scale, gradient);
    }

    /// <summary>The rows' upstream gradients side by side.</summary>
    private TElement* CopyOfUpstream()
    {
        RowsView view = Problem.Upstream!.Value;
        var copy = (TElement*)NativeMemory.AlignedAlloc((nuint)((Student.Rows + 1) * sizeof(TElement)), 64);
        for (long row = 0; row < Student.Rows; row++) Memory.Put(copy + row, Memory.Read(view, row, 0));
        return copy;
    }

    private static TElement* At(in RowsView view, long outer, long inner, long channel) =>
        (TElement*)view.Data + (outer * view.OuterStride) + inner + (channel * view.ElementStride);

    private static long UnitsPerOuter(RowsView view) => view.Length * PiecesOf(view);

    private static long PiecesOf(RowsView view) => (view.Inner + Piece - 1) / Piece;

    private static bool HasAdjacentRows(RowsView view) => view.InnerStride == 1 && Memory.IsStoredAs<TElement>(view);
}
