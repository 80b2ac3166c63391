namespace KdKernels.Core;

/// <summary>NoisyLogits on a GPU.</summary>
internal static class NoisyLogitsCuda
{
    // Rows that one warp takes; beyond, blocks do.
    private const long LongestOfWarp = 1024;

    // Classes of a part that a block takes, a multiple of the four that share a block of the generator.
    private const long PartClasses = 8192;

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="problem">The call; what does not depend on the device is checked.</param>
    /// <param name="settings">The noise.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Run(SquaredErrorProblem problem, in NoisyLogitsSettings settings, CudaQueue? queue)
    {
        CudaQueue target = LogitRegressionCuda.Check(problem, queue);
        CudaGuard.IsContiguous(settings.Samples, "samples");
        RowsView student = problem.Student;
        bool wantsSum = LogitRegressionCuda.WantsSum(problem);
        if (student.Rows == 0 && !wantsSum) return;

        RowGeometry geometry = LogitRegressionCuda.Geometry(problem);
        string kind = geometry.IsPixelMajor ? KernelKind.Pixels
            : geometry.Classes <= LongestOfWarp ? KernelKind.Warp : KernelKind.Block;
        CudaKernel kernel = KernelChoice.Find(
            CudaSession.DeviceOf(target), nameof(NoisyLogits), student.ElementType, kind, geometry.Classes);

        // The value of a row is one block's; in a sum it does not matter which part a square is of.
        bool isCut = kind == KernelKind.Block && problem.Reduction != KdReduction.None;
        long parts = isCut ? (geometry.Classes + PartClasses - 1) / PartClasses : 1;
        long tiles = GridSize.Tiles(kernel.Info, geometry.Rows) * parts;
        using CudaSession session = CudaSession.Begin(target, wantsSum ? tiles : 0);
        var arguments = new NoisyLogitsArguments
        {
            Logits = LogitRegressionCuda.Pack(problem, problem, geometry, session.Workspace),
            Samples = DeviceView.Of(settings.Samples),
            FirstSample = settings.FirstSample,
            SelectedDraws = settings.SelectedDraws,
            Keys = PhiloxKeys.Of(settings.Seed),
            Sigma = (float)settings.Sigma,
            Step = settings.Step,
            Purpose = PhiloxPurpose.NoisyLogits,
            SelectionPurpose = PhiloxPurpose.NoisyLogitsSelection,
            Parts = (int)parts,
            PartClasses = (int)(isCut ? PartClasses : geometry.Classes),
            Vectors = IsWhole(problem) ? 1 : 0,
        };
        session.Launch(kernel, tiles, arguments);
    }

    private static bool IsWhole(SquaredErrorProblem problem) => QuadLayout.IsWhole(
        problem.Student,
        problem.Teacher,
        problem.StudentGradient ?? problem.Student,
        problem.TeacherGradient ?? problem.Teacher);
}
