namespace KdKernels.Core;

/// <summary>One row in double, in this thread's scratch, for <see cref="KlCareful"/>.</summary>
internal unsafe ref struct CarefulRow
{
    private const int Arrays = 8;

    private readonly KlProblem problem;
    private readonly long row;
    private readonly long classes;
    private readonly double* memory;
    private KlValue value;

    public CarefulRow(KlProblem problem, long row)
    {
        this.problem = problem;
        this.row = row;
        classes = problem.Student.Length;
        memory = (double*)Scratch.Get(ScratchUse.Careful, Arrays * classes * sizeof(double));
        Memory.Gather(problem.Student, row, Student);
        Memory.Gather(problem.Teacher, row, Teacher);
        if (problem.ClassWeights is { } weights) Memory.Gather(weights, 0, memory + (5 * classes));
        value = KlCareful.Sum(Student, Teacher, Weights, classes, problem.InverseTemperature, P, Q, Y);
    }

    public readonly KlValue Value => value;

    private readonly double* Student => memory;

    private readonly double* Teacher => memory + classes;

    private readonly double* P => memory + (2 * classes);

    private readonly double* Q => memory + (3 * classes);

    private readonly double* Y => memory + (4 * classes);

    private readonly double* Weights => problem.ClassWeights is null ? null : memory + (5 * classes);

    /// <summary>
    /// Writes the gradients of the divergence, with everything that multiplies them in <paramref name="scale"/>.
    /// </summary>
    public readonly void WriteGradients(double scale)
    {
        double* student = memory + (6 * classes);
        double* teacher = memory + (7 * classes);
        if (problem.KlWeight == 0)
        {
            if (problem.StudentGradient is { } unused) Memory.Zero(unused, row);
            return;
        }

        KlCareful.Gradients(Teacher, Weights, classes, value, scale, P, Q, Y, student, teacher);
        if (problem.StudentGradient is { } s) Memory.Scatter(s, row, student);
        if (problem.TeacherGradient is { } t) Memory.Scatter(t, row, teacher);
    }
}
