namespace KdKernels.Core;

/// <summary>
/// Rows one by one, classes in the lanes. Rows whose classes do not lie side by side go through this thread's copy.
/// </summary>
internal sealed unsafe class SquaredErrorRows<TVector, TElement>(SquaredErrorProblem problem)
    : SquaredErrorWork<TVector, TElement>(problem, problem.Student.Rows, problem.Student.Length)
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // A lane sums 128 squares in single precision at most; blocks are summed in double.
    private static int BlockSize => 128 * TVector.Width;

    protected override double Execute(long first, long end)
    {
        var buffers = new Buffers(Classes);
        double sum = 0;
        for (long row = first; row < end; row++) sum += Emit(row, Squares(row, buffers));
        return sum;
    }

    private double Squares(long row, in Buffers buffers)
    {
        TElement* student = RowBuffers<TElement>.Input(Student, row, buffers.Student);
        TElement* teacher = RowBuffers<TElement>.Input(Teacher, row, buffers.Teacher);
        TElement* noise = Noise is not null && Noise.Fill(row, Classes, buffers.Noise) ? buffers.Noise : null;
        TElement* ds = HasStudentGradient ? Output(StudentGradients, row, buffers.StudentGradient) : null;
        TElement* dt = HasTeacherGradient ? Output(TeacherGradients, row, buffers.TeacherGradient) : null;
        TVector scale = TVector.Broadcast(HasStudentGradient || HasTeacherGradient ? GradientScale(row) : 0);
        double squares = 0;
        for (long at = 0; at < Classes; at += BlockSize)
        {
            var span = new SquaredErrorSpan<TElement>
            {
                Student = student + at,
                Teacher = teacher + at,
                Noise = noise is null ? null : noise + at,
                Weights = Weights is null ? null : Weights + at,
                StudentGradient = ds is null ? null : ds + at,
                TeacherGradient = dt is null ? null : dt + at,
                Count = Math.Min(BlockSize, Classes - at),
            };
            squares += SquaredErrorKernels<TVector, TElement>.Span(span, scale);
        }

        if (ds == buffers.StudentGradient && HasStudentGradient) Memory.Scatter(StudentGradients, row, ds);
        if (dt == buffers.TeacherGradient && HasTeacherGradient) Memory.Scatter(TeacherGradients, row, dt);
        return squares;
    }

    private static TElement* Output(in RowsView view, long row, TElement* copy)
    {
        TElement* direct = Memory.Direct<TElement>(view, row);
        return direct is not null ? direct : copy;
    }

    /// <summary>This thread's memory for one row at a time.</summary>
    private readonly struct Buffers(long classes)
    {
        private const int Arrays = 5;

        private readonly TElement* memory =
            (TElement*)Scratch.Get(ScratchUse.Kernel, Arrays * classes * sizeof(TElement));

        public TElement* Student => memory;

        public TElement* Teacher => memory + classes;

        public TElement* Noise => memory + (2 * classes);

        public TElement* StudentGradient => memory + (3 * classes);

        public TElement* TeacherGradient => memory + (4 * classes);
    }
}
