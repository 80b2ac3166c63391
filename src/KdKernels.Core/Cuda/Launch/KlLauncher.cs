namespace KdKernels.Core;

/// <summary>Launches the kernels of the losses on student and teacher logits, which take the same arguments.</summary>
internal static class KlLauncher
{
    /// <summary>Up to so many rows, every block counts the valid ones itself; beyond, a kernel does before.</summary>
    public const long MostRowsCountedInPlace = 16384;

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="stem">Whose kernels.</param>
    /// <param name="partialsPerTile">Partial sums that they keep per tile.</param>
    /// <param name="problem">The call; what does not depend on the device is checked.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Run(string stem, int partialsPerTile, KlProblem problem, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(problem.Student.Device, queue);
        Check(problem);
        bool wantsSum = problem.Totals is not null
            || (problem.Loss is not null && problem.Reduction != KdReduction.None);
        if (problem.Student.Rows == 0 && !wantsSum) return;

        CudaDevice device = target.Runtime.Device(target.Device);
        KernelDemand demand = DemandOf(problem);
        CudaKernel kernel = KernelChoice.Choose(device, stem, problem.Student.ElementType, demand);
        using Lock.Scope turn = device.TakeTurn();
        Workspace workspace = Workspace.Of(
            target, GridSize.PartialSlots(kernel.Info, demand.Geometry, partialsPerTile, wantsSum));

        using ContextScope scope = device.Enter();
        int blocks = GridSize.Blocks(device, kernel.Info, kernel.Load(target).ResidentBlocks, demand);
        RowsView? counts = problem.Student.Rows > MostRowsCountedInPlace ? problem.Labels : null;
        KlArguments arguments = Pack(problem, demand.Geometry, workspace, counted: counts is not null);
        if (counts is not { } labels)
        {
            kernel.Launch(target, blocks, arguments);
            return;
        }

        LabelCount.Launch(device, target, labels, problem.IgnoreIndex, workspace);
        try
        {
            kernel.Launch(target, blocks, arguments);
        }
        catch
        {
            LabelCount.Forget(device, target, workspace);
            throw;
        }
    }

    private static void Check(KlProblem problem)
    {
        CudaGuard.IsTemperature(problem.Temperature);
        (string student, string teacher) = problem.IsSwapped ? ("teacher", "student") : ("student", "teacher");
        CudaGuard.IsRows(problem.Student, student);
        CudaGuard.IsRows(problem.Teacher, teacher);
        CudaGuard.IsRows(problem.StudentGradient, student + "Gradient");
        CudaGuard.IsRows(problem.TeacherGradient, teacher + "Gradient");
        CudaGuard.IsContiguous(problem.Labels, "labels");
        CudaGuard.IsContiguous(problem.ClassWeights, "classWeights");
        CudaGuard.IsContiguous(problem.Upstream, "upstream");
        CudaGuard.IsContiguous(problem.Loss, "loss");
        CudaGuard.IsContiguous(problem.RowMetrics, "rowMetrics");
        CudaGuard.IsContiguous(problem.Totals, "totals");
    }

    private static KernelDemand DemandOf(KlProblem problem)
    {
        // An operand that is absent must not decide anything, so the student stands in for it.
        var geometry = new RowGeometry(
            problem.Student,
            problem.Teacher,
            problem.StudentGradient ?? problem.Student,
            problem.TeacherGradient ?? problem.Student);
        return new KernelDemand(
            geometry,
            RowBytes: 2 * geometry.Classes * problem.Student.ElementType.Bytes(),
            problem.WantsGradient,
            NeedsGeneral: problem.ClassWeights is not null || WantsOtherGradient(problem) || problem.IsLimit
                || IsUnmixed(problem));
    }

    /// <summary>The gradient that only the general kernels write: that of the caller's teacher.</summary>
    private static bool WantsOtherGradient(KlProblem problem) =>
        (problem.IsSwapped ? problem.StudentGradient : problem.TeacherGradient) is not null;

    /// <summary>A mixture of one distribution, whose divergence is 0 to the last bit.</summary>
    private static bool IsUnmixed(KlProblem problem) =>
        problem.Form == KlForm.JensenShannon && problem.MixtureWeight is 0 or 1;

    private static KlArguments Pack(KlProblem problem, in RowGeometry geometry, in Workspace workspace, bool counted)
    {
        double scale = problem.IsLimit ? 1 : problem.InverseTemperature;
        return new KlArguments
        {
            Student = DeviceView.Of(problem.Student),
            Teacher = DeviceView.Of(problem.Teacher),
            StudentGradient = DeviceView.Of(problem.StudentGradient),
            TeacherGradient = DeviceView.Of(problem.TeacherGradient),
            Labels = DeviceView.Of(problem.Labels),
            ClassWeights = DeviceView.Of(problem.ClassWeights),
            Upstream = DeviceView.Of(problem.Upstream),
            Loss = DeviceView.Of(problem.Loss),
            Metrics = DeviceView.Of(problem.RowMetrics),
            Totals = DeviceView.Of(problem.Totals),
            Partials = workspace.Partials,
            Counters = workspace.Counters,
            StudentStrides = geometry.Strides(problem.Student),
            TeacherStrides = geometry.Strides(problem.Teacher),
            StudentGradientStrides = StridesOf(problem.StudentGradient, geometry),
            TeacherGradientStrides = StridesOf(problem.TeacherGradient, geometry),
            Rows = geometry.Rows,
            Inner = geometry.Inner,
            IgnoreIndex = problem.IgnoreIndex,
            Classes = (int)geometry.Classes,
            Reduction = (int)problem.Reduction,
            Limit = problem.IsLimit ? 1 : 0,
            Counted = counted ? 1 : 0,
            Scale = (float)(scale / Math.Log(2)),
            FirstWeight = (float)(problem.Form == KlForm.Decoupled ? problem.TargetWeight : problem.MixtureWeight),
            SecondWeight = (float)problem.OtherWeight,
            LossFactor = (float)problem.KlFactor,
            GradientFactor = (float)problem.GradientFactor,
            KlWeight = (float)problem.KlWeight,
            CrossEntropyWeight = (float)problem.CrossEntropyWeight,
        };
    }

    private static RowStrides StridesOf(RowsView? operand, in RowGeometry geometry) =>
        operand is { } view ? geometry.Strides(view) : default;
}
