namespace KdKernels.Core;

/// <summary>SoftmaxEntropy on a GPU.</summary>
internal static class SoftmaxEntropyCuda
{
    private const string Stem = "SoftmaxEntropy";

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="logits">Checked logits.</param>
    /// <param name="temperature">T, finite.</param>
    /// <param name="reduction">How the rows are combined.</param>
    /// <param name="loss">Where the entropy goes; null: not wanted.</param>
    /// <param name="upstream">Gradient of the loss; null: 1.</param>
    /// <param name="gradient">Where the logits' gradient goes; null: not wanted.</param>
    /// <param name="queue">Where the kernel goes.</param>
    public static void Run(
        RowsView logits,
        double temperature,
        KdReduction reduction,
        RowsView? loss,
        RowsView? upstream,
        RowsView? gradient,
        CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(logits.Device, queue);
        CudaGuard.IsTemperature(temperature);
        CudaGuard.IsRows(logits);
        CudaGuard.IsRows(gradient);
        CudaGuard.IsContiguous(upstream);
        CudaGuard.IsContiguous(loss);
        bool writesReduced = loss is not null && reduction != KdReduction.None;
        if (logits.Rows == 0 && !writesReduced) return;

        CudaDevice device = target.Runtime.Device(target.Device);
        var geometry = new RowGeometry(logits, gradient ?? logits);
        var demand = new KernelDemand(
            geometry,
            RowBytes: geometry.Classes * logits.ElementType.Bytes(),
            WantsGradient: gradient is not null,
            NeedsGeneral: false);
        CudaKernel kernel = KernelChoice.Choose(device, Stem, logits.ElementType, demand);
        using Lock.Scope turn = device.TakeTurn();
        Workspace workspace = Workspace.Of(target, GridSize.PartialSlots(kernel.Info, geometry, perTile: 1));

        using ContextScope scope = device.Enter();
        int blocks = GridSize.Blocks(device, kernel.Info, kernel.Load(target).ResidentBlocks, demand);
        var arguments = new EntropyArguments
        {
            Logits = DeviceView.Of(logits),
            Gradient = DeviceView.Of(gradient),
            Upstream = DeviceView.Of(upstream),
            Loss = DeviceView.Of(loss),
            Partials = workspace.Partials,
            Counters = workspace.Counters,
            LogitsStrides = geometry.Strides(logits),
            GradientStrides = gradient is { } view ? geometry.Strides(view) : default,
            Rows = geometry.Rows,
            Inner = geometry.Inner,
            Classes = (int)geometry.Classes,
            Reduction = (int)reduction,
            Scale = (float)(1 / (temperature * Math.Log(2))),
            InverseTemperature = (float)(1 / temperature),
        };
        kernel.Launch(target, blocks, arguments);
    }
}
