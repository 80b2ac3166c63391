using System.Numerics;

namespace KdKernels.Core;

/// <summary>TeacherBounded on a GPU.</summary>
internal static class TeacherBoundedCuda
{
    /// <summary>Up to so many boxes, every block counts the foreground itself; beyond, a kernel does before.</summary>
    public const long MostBoxesCountedInPlace = 16384;

    private const int Threads = 256;

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="problem">The call; what does not depend on the device is checked.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Run(BoundedProblem problem, CudaQueue? queue)
    {
        RowsView student = problem.Student;
        CudaQueue target = CudaGuard.IsQueueOf(student.Device, queue);
        CudaGuard.IsRows(student, "student");
        CudaGuard.IsRows(problem.Teacher, "teacher");
        CudaGuard.IsRows(problem.Target, "target");
        CudaGuard.IsRows(problem.StudentGradient, "gradient");
        CudaGuard.IsContiguous(problem.Settings.Foreground, "foreground");
        CudaGuard.IsContiguous(problem.Upstream, "upstream");
        CudaGuard.IsContiguous(problem.Loss, "loss");
        bool wantsSum = problem.Loss is not null && problem.Reduction != KdReduction.None;
        if (student.Rows == 0 && !wantsSum) return;

        CudaKernel kernel = KernelChoice.Find(
            CudaSession.DeviceOf(target), nameof(TeacherBounded), student.ElementType, KernelKind.General);
        var geometry = new RowGeometry(student, problem.Teacher, problem.Target, problem.StudentGradient ?? student);
        int laneShift = LaneShift(student, geometry);
        long perTile = Threads >> laneShift, tiles = (student.Rows + perTile - 1) / perTile;
        bool counted = problem.Settings.Foreground is not null
            && problem.Reduction is KdReduction.Mean or KdReduction.BatchMean
            && student.Rows > MostBoxesCountedInPlace;
        using CudaSession session = CudaSession.Begin(target, tiles);
        BoundedArguments arguments = Pack(problem, geometry, session.Workspace) with
        {
            LaneShift = laneShift,
            Counted = counted ? 1 : 0,
        };
        if (!counted)
        {
            session.Launch(kernel, tiles, arguments);
            return;
        }

        // Background is the label that is not counted.
        RowsView foreground = problem.Settings.Foreground!.Value;
        LabelCount.Launch(session.Device, target, foreground, ignoreIndex: 0, session.Workspace);
        try
        {
            session.Launch(kernel, tiles, arguments);
        }
        catch
        {
            LabelCount.Forget(session.Device, target, session.Workspace);
            throw;
        }
    }

    private static int LaneShift(RowsView student, in RowGeometry geometry)
    {
        bool sideBySide = geometry.IsPixelMajor && student.Length > 1;
        return sideBySide ? 0 : BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Math.Min(student.Length, 32)));
    }

    private static BoundedArguments Pack(BoundedProblem problem, in RowGeometry geometry, in Workspace workspace) => new()
    {
        Student = DeviceView.Of(problem.Student),
        Teacher = DeviceView.Of(problem.Teacher),
        Target = DeviceView.Of(problem.Target),
        Gradient = DeviceView.Of(problem.StudentGradient),
        Foreground = DeviceView.Of(problem.Settings.Foreground),
        Upstream = DeviceView.Of(problem.Upstream),
        Loss = DeviceView.Of(problem.Loss),
        Partials = workspace.Partials,
        Counters = workspace.Counters,
        StudentStrides = geometry.Strides(problem.Student),
        TeacherStrides = geometry.Strides(problem.Teacher),
        TargetStrides = geometry.Strides(problem.Target),
        GradientStrides = problem.StudentGradient is { } gradient ? geometry.Strides(gradient) : default,
        Rows = geometry.Rows,
        Inner = geometry.Inner,
        Offsets = (int)geometry.Classes,
        Reduction = (int)problem.Reduction,
        SmoothL1 = problem.Settings.SmoothL1 ? 1 : 0,
        Margin = (float)problem.Settings.Margin,
        BoundWeight = (float)problem.Settings.BoundWeight,
        Beta = (float)problem.Settings.Beta,
    };
}
