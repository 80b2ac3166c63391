namespace KdKernels.Core;

/// <summary>AttentionSquared and AttentionMap on a GPU.</summary>
internal static class AttentionSquaredCuda
{
    // The first counter is that of the blocks.
    private const long MostSamples = Workspace.CounterCount - 1;

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="call">The call; what does not depend on the device is checked.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Run(AttentionCall call, CudaQueue? queue)
    {
        RowsView student = call.Student.Rows;
        CudaQueue target = CudaGuard.IsQueueOf(student.Device, queue);
        CudaGuard.IsRows(student, "student");
        CudaGuard.IsRows(call.Teacher?.Rows, "teacher");
        CudaGuard.IsRows(call.Gradient, "gradient");
        CudaGuard.IsContiguous(call.Upstream, "upstream");
        CudaGuard.IsContiguous(call.Loss, "loss");
        CudaGuard.IsContiguous(call.Map, "map");
        CudaGuard.IsContiguous(call.Peak, "peak");
        if (student.Outer == 0 && !call.WantsTotal) return;

        string kind = AttentionLayout.KindOf(call);
        int vector = AttentionLayout.VectorOf(student);
        CudaKernel kernel = KernelChoice.Find(
            CudaSession.DeviceOf(target), nameof(AttentionSquared), student.ElementType, kind);
        AttentionCut maps = AttentionCut.OfMaps(kind, vector, call), gradient = AttentionCut.OfGradient(kind, vector, call);
        var plan = new AttentionPlan(call, maps);
        using CudaSession session = CudaSession.Begin(target, plan.PartialSlots);
        AttentionArguments common = plan.Pack(session.Workspace);

        long samples = Math.Min(MostSamples, int.MaxValue / Math.Max(maps.Tasks, gradient.Tasks));

        // Samples by the thousand share the counters; the gradient follows while their features may be in the cache.
        long first = 0;
        do
        {
            long end = Math.Min(student.Outer, first + samples);
            AttentionArguments part = common with { FirstSample = first, EndSample = end };
            bool isFused = call.Gradient is not null && maps.Tasks == 1;
            if (!call.IsGradientOnly)
            {
                AttentionArguments sums = AttentionPlan.Cut(part, maps) with
                {
                    SumsMaps = 1,
                    WritesGradient = isFused ? 1 : 0,
                    Totals = call.WantsTotal && end == student.Outer ? 1 : 0,
                };
                session.Launch(kernel, (end - first) * maps.Tasks, sums);
            }

            if (call.Gradient is not null && (!isFused || call.IsGradientOnly) && end > first)
            {
                session.Launch(
                    kernel, (end - first) * gradient.Tasks, AttentionPlan.Cut(part, gradient) with { WritesGradient = 1 });
            }

            first = end;
        }
        while (first < student.Outer);
    }
}
