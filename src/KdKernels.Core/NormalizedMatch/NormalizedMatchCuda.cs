namespace KdKernels.Core;

/// <summary>
/// NormalizedMatch on a GPU: one launch for the losses, and for the gradient of rows that a block holds; a second one for the
/// gradient of longer rows, which are cut into parts of a fixed length.
/// </summary>
internal static class NormalizedMatchCuda
{
    private const string Sums = "sums";
    private const string Gradients = "gradients";
    private const string General = "-general";

    // What a block holds in registers, by variant of the kernels.
    private const long ShortPart = 4096;
    private const long LongPart = 8192;

    // Numbers of a part in the workspace.
    private const long SumsPerPart = 5;

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="problem">The call; what does not depend on the device is checked.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Run(MatchProblem problem, CudaQueue? queue)
    {
        RowsView student = problem.Student;
        CudaQueue target = CudaGuard.IsQueueOf(student.Device, queue);
        CudaGuard.IsRows(student, "student");
        CudaGuard.IsRows(problem.Teacher, "teacher");
        CudaGuard.IsRows(problem.Gradient, "studentGradient");
        CudaGuard.IsContiguous(problem.Upstream, "upstream");
        CudaGuard.IsContiguous(problem.Loss, "loss");
        bool perRow = problem.Settings.Reduction == KdReduction.None;
        if (student.Rows == 0 && (perRow || problem.Loss is null)) return;

        CudaDevice device = CudaSession.DeviceOf(target);
        bool whole = QuadLayout.IsWhole(student, problem.Teacher, problem.Gradient ?? student);
        CudaKernel kernel = Find(whole ? Sums : Sums + General);
        long part = kernel.Info.MaxClasses == 0 && whole ? LongPart : ShortPart;
        long parts = Math.Max(1, (student.Length + part - 1) / part);
        bool needsGradients = parts > 1 && problem.Gradient is not null && student.Rows > 0;
        CudaKernel? gradients = needsGradients ? Find(whole ? Gradients : Gradients + General) : null;

        using var session = CudaSession.Begin(target, student.Rows * (1 + (parts > 1 ? parts * SumsPerPart : 0)));
        MatchArguments arguments = Pack(problem, parts, session.Workspace);
        session.Launch(kernel, student.Rows * parts, arguments);
        if (gradients is not null) session.Launch(gradients, student.Rows * parts, arguments);

        CudaKernel Find(string kind) =>
            KernelChoice.Find(device, nameof(NormalizedMatch), student.ElementType, kind, student.Length);
    }

    private static MatchArguments Pack(MatchProblem problem, long parts, in Workspace workspace) => new()
    {
        Student = DeviceView.Of(problem.Student),
        Teacher = DeviceView.Of(problem.Teacher),
        Gradient = DeviceView.Of(problem.Gradient),
        Upstream = DeviceView.Of(problem.Upstream),
        Loss = DeviceView.Of(problem.Loss),
        Sums = workspace.Partials,
        Counters = workspace.Counters,
        StudentStrides = Strides(problem.Student),
        TeacherStrides = Strides(problem.Teacher),
        GradientStrides = problem.Gradient is { } gradient ? Strides(gradient) : default,
        Rows = problem.Student.Rows,
        Inner = Math.Max(problem.Student.Inner, 1),
        Epsilon = problem.Settings.Epsilon,
        InverseDivisor = 1 / problem.Divisor,
        Length = (int)problem.Student.Length,
        Parts = (int)parts,
        PerRow = problem.Settings.Reduction == KdReduction.None ? 1 : 0,
    };

    private static RowStrides Strides(RowsView view) =>
        new(view.OuterStride, view.InnerStride, view.Length == 1 ? 1 : view.ElementStride);
}
