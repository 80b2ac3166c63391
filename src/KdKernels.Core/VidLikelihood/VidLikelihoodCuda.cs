namespace KdKernels.Core;

/// <summary>VidLikelihood on a GPU.</summary>
internal static class VidLikelihoodCuda
{
    /// <summary>A kernel that gives each row its value.</summary>
    public const string RowsKind = "rows";

    private const int Warps = 8;
    private const int Threads = 256;
    private const int VectorBytes = 16;

    // One block adds them up; more of them would keep the others waiting.
    private const long MostPartials = 16384;

    // What a warp reads of each operand, at least.
    private const long BytesPerChunk = 4096;

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="problem">The call; what does not depend on the device is checked.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Run(VidProblem problem, CudaQueue? queue)
    {
        RowsView student = problem.Student;
        CudaQueue target = CudaGuard.IsQueueOf(student.Device, queue);
        CudaGuard.IsRows(student, "student");
        CudaGuard.IsRows(problem.Teacher, "teacher");
        CudaGuard.IsRows(problem.Rho, "rho");
        CudaGuard.IsRows(problem.StudentGradient, "studentGradient");
        CudaGuard.IsRows(problem.RhoGradient, "rhoGradient");
        CudaGuard.IsContiguous(problem.Upstream, "upstream");
        CudaGuard.IsContiguous(problem.Loss, "loss");
        if (problem.WritesRows && student.Rows > 0) RunRows(problem, target);
        if (problem.NeedsChannels) RunChannels(problem, target);
    }

    private static void RunRows(VidProblem problem, CudaQueue queue)
    {
        CudaKernel kernel = Find(problem, queue, RowsKind);
        using CudaSession session = CudaSession.Begin(queue, partialSlots: 0);
        VidArguments arguments = Pack(problem, session.Workspace) with
        {
            Gradient = default,
            RhoGradient = default,
            Upstream = default,
        };
        session.Launch(kernel, Ceiling(problem.Student.Rows, Threads), arguments);
    }

    private static void RunChannels(VidProblem problem, CudaQueue queue)
    {
        RowsView student = problem.Student;
        bool hasPlanes = HasPlanes(problem);
        CudaKernel kernel = Find(problem, queue, hasPlanes ? KernelKind.Planes : KernelKind.General);

        // Whole samples, where there is a choice.
        long unit = hasPlanes ? Math.Max(student.Inner, 1) : 1, units = student.Rows / unit;
        long least = Ceiling(BytesPerChunk, unit * student.ElementType.Bytes());
        long perChunk = Math.Max(least, Ceiling(units, Math.Max(1, MostPartials / student.Length)));
        long chunks = Ceiling(units, perChunk);
        using CudaSession session = CudaSession.Begin(queue, chunks * student.Length);
        VidArguments arguments = Pack(problem, session.Workspace) with
        {
            Loss = problem.WritesRows ? default : DeviceView.Of(problem.Loss),
            RowsPerChunk = perChunk * unit,
            Chunks = (int)chunks,
        };
        session.Launch(kernel, chunks * Ceiling(student.Length, Warps), arguments);
    }

    /// <summary>Vectors along the pixels of each channel, of all operands alike.</summary>
    private static bool HasPlanes(VidProblem problem)
    {
        int vector = VectorBytes / problem.Student.ElementType.Bytes();
        return !problem.HasRowUpstream
            && problem.Student.Inner % vector == 0
            && Has(problem.Student)
            && Has(problem.Teacher)
            && (problem.StudentGradient is not { } gradient || Has(gradient));

        bool Has(RowsView view) =>
            view.InnerStride == 1
            && view.Data % VectorBytes == 0
            && (view.Length == 1 || view.ElementStride % vector == 0)
            && (view.Outer <= 1 || view.OuterStride % vector == 0);
    }

    private static VidArguments Pack(VidProblem problem, in Workspace workspace) => new()
    {
        Student = DeviceView.Of(problem.Student),
        Teacher = DeviceView.Of(problem.Teacher),
        Gradient = DeviceView.Of(problem.StudentGradient),
        Rho = DeviceView.Of(problem.Rho),
        RhoGradient = DeviceView.Of(problem.RhoGradient),
        Upstream = DeviceView.Of(problem.Upstream),
        Loss = DeviceView.Of(problem.Loss),
        Partials = workspace.Partials,
        Counters = workspace.Counters,
        StudentStrides = Strides(problem.Student),
        TeacherStrides = Strides(problem.Teacher),
        GradientStrides = problem.StudentGradient is { } gradient ? Strides(gradient) : default,
        RhoStride = problem.Rho.ElementStride,
        RhoGradientStride = problem.RhoGradient?.ElementStride ?? 0,
        Rows = problem.Student.Rows,
        Inner = Math.Max(problem.Student.Inner, 1),
        Channels = (int)problem.Student.Length,
        Reduction = (int)problem.Reduction,
        HasRowUpstream = problem.HasRowUpstream ? 1 : 0,
        WithConstant = problem.Settings.WithConstant ? 1 : 0,
        Epsilon = (float)problem.Settings.Epsilon,
    };

    private static RowStrides Strides(RowsView view) => new(view.OuterStride, view.InnerStride, view.ElementStride);

    private static CudaKernel Find(VidProblem problem, CudaQueue queue, string kind) => KernelChoice.Find(
        CudaSession.DeviceOf(queue), nameof(VidLikelihood), problem.Student.ElementType, kind);

    private static long Ceiling(long value, long divisor) => (value + divisor - 1) / divisor;
}
