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
        RowsView student = problem.Student;
        CudaQueue target = CudaGuard.IsQueueOf(student.Device, queue);
        CudaGuard.IsRows(student, "student");
        CudaGuard.IsRows(problem.Teacher, "teacher");
        CudaGuard.IsRows(problem.StudentGradient, "studentGradient");
        CudaGuard.IsRows(problem.TeacherGradient, "teacherGradient");
        CudaGuard.IsContiguous(problem.Upstream, "upstream");
        CudaGuard.IsContiguous(problem.Loss, "loss");
        bool wantsSum = problem.Loss is not null && problem.Reduction != KdReduction.None;
        if (student.Rows == 0 && !wantsSum) return;

        // The divisor of no rows is the kernel's, whose 0 / 0 is the NaN of a mean of nothing.
        bool divides = student.Rows == 0 || problem.Reduction == KdReduction.None;
        double factor = divides ? problem.Factor : problem.Factor / problem.Divisor;
        SquaredErrorProblem call = problem.Reduction == KdReduction.None ? problem : Cut(problem);
        var geometry = new RowGeometry(
            call.Student, call.Teacher, call.StudentGradient ?? call.Student, call.TeacherGradient ?? call.Student);
        var demand = new KernelDemand(
            geometry,
            RowBytes: 2 * geometry.Classes * student.ElementType.Bytes(),
            WantsGradient: call.StudentGradient is not null || call.TeacherGradient is not null,
            NeedsGeneral: false);

        CudaKernel kernel = KernelChoice.Choose(
            CudaSession.DeviceOf(target), nameof(LogitRegression), student.ElementType, demand);
        using CudaSession session = CudaSession.Begin(
            target, GridSize.PartialSlots(kernel.Info, geometry, perTile: 1, wantsSum));
        var arguments = new KlArguments
        {
            Student = DeviceView.Of(call.Student),
            Teacher = DeviceView.Of(call.Teacher),
            StudentGradient = DeviceView.Of(call.StudentGradient),
            TeacherGradient = DeviceView.Of(call.TeacherGradient),
            Upstream = DeviceView.Of(call.Upstream),
            Loss = DeviceView.Of(call.Loss),
            Partials = session.Workspace.Partials,
            Counters = session.Workspace.Counters,
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
        session.Launch(kernel, GridSize.Tiles(kernel.Info, geometry.Rows), arguments);
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
