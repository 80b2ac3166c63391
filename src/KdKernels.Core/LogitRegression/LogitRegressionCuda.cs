namespace KdKernels.Core;

/// <summary>LogitRegression on a GPU.</summary>
internal static class LogitRegressionCuda
{
    // Parts of a row that a block takes: enough of them to fill any device before one block has done much more than that.
    private const long LongestPart = 8192;

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="problem">The call; what does not depend on the device is checked.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Run(SquaredErrorProblem problem, CudaQueue? queue)
    {
        CudaQueue target = Check(problem, queue);
        RowsView student = problem.Student;
        if (student.Rows == 0 && !WantsSum(problem)) return;

        SquaredErrorProblem call = problem.Reduction == KdReduction.None ? problem : Cut(problem);
        RowGeometry geometry = Geometry(call);
        var demand = new KernelDemand(
            geometry,
            RowBytes: 2 * geometry.Classes * student.ElementType.Bytes(),
            WantsGradient: call.StudentGradient is not null || call.TeacherGradient is not null,
            NeedsGeneral: false);

        CudaKernel kernel = KernelChoice.Choose(
            CudaSession.DeviceOf(target), nameof(LogitRegression), student.ElementType, demand);
        using CudaSession session = CudaSession.Begin(
            target, GridSize.PartialSlots(kernel.Info, geometry, perTile: 1, WantsSum(problem)));
        KlArguments arguments = Pack(call, problem, geometry, session.Workspace);
        session.Launch(kernel, GridSize.Tiles(kernel.Info, geometry.Rows), arguments);
    }

    /// <summary>Checks what CUDA needs of the operands; returns the queue.</summary>
    internal static CudaQueue Check(SquaredErrorProblem problem, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(problem.Student.Device, queue);
        CudaGuard.IsRows(problem.Student, "student");
        CudaGuard.IsRows(problem.Teacher, "teacher");
        CudaGuard.IsRows(problem.StudentGradient, "studentGradient");
        CudaGuard.IsRows(problem.TeacherGradient, "teacherGradient");
        CudaGuard.IsContiguous(problem.Upstream, "upstream");
        CudaGuard.IsContiguous(problem.Loss, "loss");
        return target;
    }

    internal static bool WantsSum(SquaredErrorProblem problem) =>
        problem.Loss is not null && problem.Reduction != KdReduction.None;

    /// <summary>How the rows of all operands are walked.</summary>
    internal static RowGeometry Geometry(SquaredErrorProblem call) => new(
        call.Student, call.Teacher, call.StudentGradient ?? call.Student, call.TeacherGradient ?? call.Student);

    /// <summary>What the kernel is given.</summary>
    /// <param name="call">The rows as they are launched.</param>
    /// <param name="problem">The rows as they were given, which the divisor goes by.</param>
    /// <param name="geometry">The walk of the rows as they are launched.</param>
    /// <param name="workspace">Where blocks leave sums to each other.</param>
    internal static KlArguments Pack(
        SquaredErrorProblem call, SquaredErrorProblem problem, in RowGeometry geometry, in Workspace workspace)
    {
        // The divisor of no rows is the kernel's, whose 0 / 0 is the NaN of a mean of nothing.
        bool divides = problem.Student.Rows == 0 || problem.Reduction == KdReduction.None;
        double factor = divides ? problem.Factor : problem.Factor / problem.Divisor;
        return new KlArguments
        {
            Student = DeviceView.Of(call.Student),
            Teacher = DeviceView.Of(call.Teacher),
            StudentGradient = DeviceView.Of(call.StudentGradient),
            TeacherGradient = DeviceView.Of(call.TeacherGradient),
            Upstream = DeviceView.Of(call.Upstream),
            Loss = DeviceView.Of(call.Loss),
            Partials = workspace.Partials,
            Counters = workspace.Counters,
            StudentStrides = geometry.Strides(call.Student),
            TeacherStrides = geometry.Strides(call.Teacher),
            StudentGradientStrides = call.StudentGradient is { } s ? geometry.Strides(s) : default,
            TeacherGradientStrides = call.TeacherGradient is { } t ? geometry.Strides(t) : default,
            Rows = geometry.Rows,
            Inner = geometry.Inner,
            Classes = (int)geometry.Classes,
            Reduction = (int)(divides ? problem.Reduction : KdReduction.Sum),
            LossFactor = (float)factor,
            GradientFactor = (float)(2 * factor),
            KlWeight = 1,
        };
    }

    /// <summary>
    /// Long rows that lie one after the other, each as several shorter ones: in a sum it does not matter which row a square
    /// is of.
    /// </summary>
    private static SquaredErrorProblem Cut(SquaredErrorProblem problem)
    {
        long parts = 1, length = problem.Student.Length;
        while (length / parts > LongestPart && length % (2 * parts) == 0) parts *= 2;
        bool isDense = IsDense(problem.Student) && IsDense(problem.Teacher)
            && IsDense(problem.StudentGradient) && IsDense(problem.TeacherGradient);
        return parts == 1 || !isDense
            ? problem
            : problem with
            {
                Student = Cut(problem.Student, parts),
                Teacher = Cut(problem.Teacher, parts),
                StudentGradient = problem.StudentGradient is { } s ? Cut(s, parts) : null,
                TeacherGradient = problem.TeacherGradient is { } t ? Cut(t, parts) : null,
            };
    }

    private static bool IsDense(RowsView? operand) => operand is not { } view
        || (view.ElementStride == 1
            && (view.Inner == 1 || view.InnerStride == view.Length)
            && (view.Outer == 1 || view.OuterStride == view.Inner * view.Length));

    private static RowsView Cut(RowsView view, long parts)
    {
        long rows = view.Rows * parts, length = view.Length / parts;
        return new RowsView(view.Data, view.ElementType, rows, 1, length, length, length, 1) { Device = view.Device };
    }
}
