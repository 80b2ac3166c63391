namespace KdKernels.Core;

/// <summary>SoftmaxEntropy on a GPU.</summary>
internal static class SoftmaxEntropyCuda
{
    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="problem">The call; what does not depend on the device is checked.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Run(EntropyProblem problem, CudaQueue? queue)
    {
        RowsView logits = problem.Logits;
        CudaQueue target = CudaGuard.IsQueueOf(logits.Device, queue);
        CudaGuard.IsTemperature(problem.Temperature);
        CudaGuard.IsRows(logits, "logits");
        CudaGuard.IsRows(problem.Gradient, "gradient");
        CudaGuard.IsContiguous(problem.Upstream, "upstream");
        CudaGuard.IsContiguous(problem.Loss, "loss");
        bool wantsSum = problem.Loss is not null && problem.Reduction != KdReduction.None;
        if (logits.Rows == 0 && !wantsSum) return;

        CudaDevice device = target.Runtime.Device(target.Device);
        var geometry = new RowGeometry(logits, problem.Gradient ?? logits);
        var demand = new KernelDemand(
            geometry,
            RowBytes: geometry.Classes * logits.ElementType.Bytes(),
            WantsGradient: problem.Gradient is not null,
            NeedsGeneral: false);
        CudaKernel kernel = KernelChoice.Choose(device, nameof(SoftmaxEntropy), logits.ElementType, demand);
        using Lock.Scope turn = device.TakeTurn();
        Workspace workspace = Workspace.Of(target, GridSize.PartialSlots(kernel.Info, geometry, perTile: 1, wantsSum));

        using ContextScope scope = device.Enter();
        int blocks = GridSize.Blocks(device, kernel.Info, kernel.Load(target).ResidentBlocks, demand);
        kernel.Launch(target, blocks, Pack(problem, geometry, workspace));
    }

    private static EntropyArguments Pack(
        EntropyProblem problem, in RowGeometry geometry, in Workspace workspace) => new()
        {
            Logits = DeviceView.Of(problem.Logits),
            Gradient = DeviceView.Of(problem.Gradient),
            Upstream = DeviceView.Of(problem.Upstream),
            Loss = DeviceView.Of(problem.Loss),
            Partials = workspace.Partials,
            Counters = workspace.Counters,
            LogitsStrides = geometry.Strides(problem.Logits),
            GradientStrides = problem.Gradient is { } gradient ? geometry.Strides(gradient) : default,
            Rows = geometry.Rows,
            Inner = geometry.Inner,
            Classes = (int)geometry.Classes,
            Reduction = (int)problem.Reduction,
            Scale = (float)(1 / (problem.Temperature * Math.Log(2))),
            InverseTemperature = (float)(1 / problem.Temperature),
        };
}
