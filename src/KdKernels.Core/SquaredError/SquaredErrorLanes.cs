namespace KdKernels.Core;

/// <summary>
/// Many rows at once, one in each lane: for logits whose class dimension is strided while neighbouring rows lie side by
/// side ([N, C, H, W]). A vector of pixels walks through the classes; nothing is copied or transposed.
/// </summary>
internal sealed unsafe class SquaredErrorLanes<TVector, TElement>(SquaredErrorProblem problem)
    : SquaredErrorWork<TVector, TElement>(
        problem, problem.Student.Outer * TilesOf(problem.Student), PixelsPerTile * problem.Student.Length)
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // A fixed cut of the rows, the same for every vector width.
    private const long PixelsPerTile = 64;

    // After so many classes the lanes' sums go to double.
    private const int BlockSize = 256;

    private readonly long tilesPerOuter = TilesOf(problem.Student);

    public static bool Fits(SquaredErrorProblem problem) =>
        problem.Noise is null
        && problem.Student.Inner > 1
        && (problem.Student.ElementStride != 1 || problem.Teacher.ElementStride != 1)
        && HasAdjacentRows(problem.Student)
        && HasAdjacentRows(problem.Teacher)
        && (problem.StudentGradient is not { } student || HasAdjacentRows(student))
        && (problem.TeacherGradient is not { } teacher || HasAdjacentRows(teacher));

    protected override double Execute(long first, long end)
    {
        TElement* lanes = stackalloc TElement[TVector.Width];
        double* squares = stackalloc double[TVector.Width];
        double sum = 0;
        for (long unit = first; unit < end; unit++)
        {
            (long outer, long tile) = Math.DivRem(unit, tilesPerOuter);
            long endOfTile = Math.Min(Student.Inner, (tile + 1) * PixelsPerTile);
            for (long inner = tile * PixelsPerTile; inner < endOfTile; inner += TVector.Width)
            {
                int count = (int)Math.Min(TVector.Width, endOfTile - inner);
                long row = (outer * Student.Inner) + inner;
                Squares(outer, inner, count, ScaleOf(row, count, lanes), lanes, squares);
                for (int lane = 0; lane < count; lane++) sum += Emit(row + lane, squares[lane]);
            }
        }

        return sum;
    }

    private void Squares(long outer, long inner, int count, TVector scale, TElement* lanes, double* squares)
    {
        new Span<double>(squares, count).Clear();
        for (long at = 0; at < Classes; at += BlockSize)
        {
            var walk = new SquaredErrorWalk<TElement>
            {
                Student = At(Student, outer, inner, at),
                Teacher = At(Teacher, outer, inner, at),
                StudentStride = Student.ElementStride,
                TeacherStride = Teacher.ElementStride,
                Weights = Weights is null ? null : Weights + at,
                StudentGradient = HasStudentGradient ? At(StudentGradients, outer, inner, at) : null,
                TeacherGradient = HasTeacherGradient ? At(TeacherGradients, outer, inner, at) : null,
                StudentGradientStride = StudentGradients.ElementStride,
                TeacherGradientStride = TeacherGradients.ElementStride,
                Steps = (int)Math.Min(BlockSize, Classes - at),
                Lanes = count,
            };
            TVector.Store(lanes, SquaredErrorKernels<TVector, TElement>.Walk(walk, scale));
            for (int lane = 0; lane < count; lane++) squares[lane] += Memory.Get(lanes + lane);
        }
    }

    private TVector ScaleOf(long row, int count, TElement* lanes)
    {
        if (!HasStudentGradient && !HasTeacherGradient) return TVector.Broadcast(0);
        for (int lane = 0; lane < TVector.Width; lane++)
            Memory.Put(lanes + lane, lane < count ? GradientScale(row + lane) : 0);
        return TVector.Load(lanes);
    }

    private static TElement* At(in RowsView view, long outer, long inner, long element) =>
        (TElement*)view.Data + (outer * view.OuterStride) + inner + (element * view.ElementStride);

    private static long TilesOf(RowsView view) => (view.Inner + PixelsPerTile - 1) / PixelsPerTile;

    private static bool HasAdjacentRows(RowsView view) => view.InnerStride == 1 && Memory.IsStoredAs<TElement>(view);
}
