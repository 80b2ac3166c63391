namespace KdKernels.Core;

/// <summary>One row in double, in this thread's scratch, for <see cref="KlCareful"/>.</summary>
internal unsafe ref struct CarefulRow
{
    private const int Arrays = 8;

    private readonly KlProblem problem;
    private readonly long row;
    private readonly long length;
    private readonly double* memory;
    private KlValue value;

    public CarefulRow(KlProblem problem, long row)
    {
        this.problem = problem;
        this.row = row;
        length = problem.Student.Length;
        memory = (double*)Scratch.Get(ScratchUse.Careful, Arrays * length * sizeof(double));
        Memory.Gather(problem.Student, row, Student);
        Memory.Gather(problem.Teacher, row, Teacher);
        if (problem.ClassWeights is { } weights) Memory.Gather(weights, 0, memory + (5 * length));
        Classes = length;
        if (problem.Form == KlForm.Decoupled)
        {
            // The label's class changes places with the last one and is left out.
            Classes--;
            long label = problem.Label(row);
            (Student[label], Student[Classes]) = (Student[Classes], Student[label]);
            (Teacher[label], Teacher[Classes]) = (Teacher[Classes], Teacher[label]);
        }

        value = KlCareful.Sum(Student, Teacher, Weights, Classes, problem.InverseTemperature, P, Q, Y);
    }

    public readonly KlValue Value => value;

    /// <summary>How many classes the value is over.</summary>
    public long Classes { get; }

    public readonly double* Student => memory;

    public readonly double* Teacher => memory + length;

    public readonly double* P => memory + (2 * length);

    public readonly double* Q => memory + (3 * length);

    /// <summary>log q − log p.</summary>
    public readonly double* Y => memory + (4 * length);

    /// <summary>Room for the student's gradient.</summary>
    public readonly double* StudentSpare => memory + (6 * length);

    /// <summary>Room for the teacher's gradient.</summary>
    public readonly double* TeacherSpare => memory + (7 * length);

    private readonly double* Weights => problem.ClassWeights is null ? null : memory + (5 * length);

    /// <summary>
    /// Writes the gradients of the divergence, with everything that multiplies them in <paramref name="scale"/>.
    /// </summary>
    public readonly void WriteGradients(double scale)
    {
        if (problem.KlWeight == 0)
        {
            if (problem.StudentGradient is { } unused) Memory.Zero(unused, row);
            return;
        }

        FillGradients(scale);
        Scatter();
    }

    /// <summary>The gradients of the divergence, in the room for them.</summary>
    public readonly void FillGradients(double scale) => KlCareful.Gradients(
        Teacher, Weights, Classes, value, scale, P, Q, Y, StudentSpare, TeacherSpare);

    /// <summary>Brings finished gradients to where they are wanted.</summary>
    public readonly void Scatter()
    {
        if (problem.StudentGradient is { } s) Memory.Scatter(s, row, StudentSpare);
        if (problem.TeacherGradient is { } t) Memory.Scatter(t, row, TeacherSpare);
    }
}
