namespace KdKernels.Core;

/// <summary>
/// SoftmaxJvp on a GPU. A unit of work is some tangents of one row; a warp or a block takes it. Without a gradient of the
/// logits the tangents know nothing of each other, and the cut follows the device; with one, it is fixed.
/// </summary>
internal static class SoftmaxJvpCuda
{
    /// <summary>Tangents of a unit whose sum over the tangents is kept: the order of the sum depends on nothing else.</summary>
    public const int TangentsPerSum = 64;

    private const string Forward = "forward";
    private const string Backward = "backward";
    private const string General = "-general";

    // The forward kernels' tiles have four tangents or two.
    private const int TangentsPerTile = 4;

    // Kernels for rows of up to this many classes have a warp for a unit, as have the general ones; all others a block.
    private const int MostClassesOfWarp = 128;

    private enum Form
    {
        Softmax,
        LogSoftmax,
        Transpose,
    }

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="problem">The call; what does not depend on the device is checked.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Run(JvpProblem problem, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(problem.Logits.Device, queue);
        CudaGuard.IsTemperature(problem.Settings.Temperature);
        CudaGuard.IsRows(problem.Logits, "logits");
        CudaGuard.IsRows(problem.Tangents, "tangents");
        CudaGuard.IsRows(problem.Result, "result");
        CudaGuard.IsRows(problem.Upstream, "upstream");
        CudaGuard.IsRows(problem.LogitsGradient, "logitsGradient");
        CudaGuard.IsRows(problem.TangentsGradient, "tangentsGradient");
        CudaGuard.IsCount(problem.Tangents.Inner, "tangents");
        if (problem.Logits.Rows == 0) return;

        Form form = problem.Settings.Of == SoftmaxForm.Softmax ? Form.Softmax : Form.LogSoftmax;
        if (problem.LogitsGradient is not null)
            RunBackward(problem, form, target);
        else if (problem.Result is { } result)
            RunForward(problem, problem.Tangents, result, form, target);
        else if (problem.TangentsGradient is { } gradient)
            // The softmax's derivative is symmetric.
            RunForward(
                problem, problem.Upstream.GetValueOrDefault(), gradient, form == Form.Softmax ? form : Form.Transpose, target);
    }

    private static void RunForward(JvpProblem problem, RowsView tangents, RowsView result, Form form, CudaQueue queue)
    {
        if (tangents.Inner == 0) return;
        CudaDevice device = CudaSession.DeviceOf(queue);
        RowsView logits = problem.Logits;
        bool whole = QuadLayout.IsWhole(logits, tangents, result);
        CudaKernel kernel = KernelChoice.Find(
            device, nameof(SoftmaxJvp), logits.ElementType, whole ? Forward : Forward + General, logits.Length);

        using var session = CudaSession.Begin(queue, partialSlots: 0);
        int groups = GroupsOf(kernel);
        // Twice as many units as run at a time, so that they all end at about the same time.
        long most = 2 * groups * session.Resident(kernel);
        long chunk = Ceiling(Ceiling(logits.Rows * tangents.Inner, most), TangentsPerTile) * TangentsPerTile;
        chunk = Math.Min(chunk, tangents.Inner);
        JvpArguments arguments = Pack(problem, form, chunk, tangents.Inner);
        arguments.Tangents = DeviceView.Of(tangents);
        arguments.TangentsStrides = Strides(tangents);
        arguments.Result = DeviceView.Of(result);
        arguments.ResultStrides = Strides(result);
        Launch(session, kernel, Ceiling(logits.Rows * arguments.Chunks, groups), logits, streams: 2 + TangentsPerTile, arguments);
    }

    private static void RunBackward(JvpProblem problem, Form form, CudaQueue queue)
    {
        CudaDevice device = CudaSession.DeviceOf(queue);
        (RowsView logits, RowsView tangents) = (problem.Logits, problem.Tangents);
        (RowsView upstream, RowsView byLogits) =
            (problem.Upstream.GetValueOrDefault(), problem.LogitsGradient.GetValueOrDefault());
        bool whole = QuadLayout.IsWhole(logits, tangents, upstream, byLogits, problem.TangentsGradient ?? tangents);
        CudaKernel kernel = KernelChoice.Find(
            device, nameof(SoftmaxJvp), logits.ElementType, whole ? Backward : Backward + General, logits.Length);

        JvpArguments arguments = Pack(problem, form, TangentsPerSum, tangents.Inner);
        arguments.Tangents = DeviceView.Of(tangents);
        arguments.TangentsStrides = Strides(tangents);
        arguments.Upstream = DeviceView.Of(upstream);
        arguments.UpstreamStrides = Strides(upstream);
        arguments.LogitsGradient = DeviceView.Of(byLogits);
        arguments.LogitsGradientStrides = Strides(byLogits);
        if (problem.TangentsGradient is { } byTangents)
        {
            arguments.Result = DeviceView.Of(byTangents);
            arguments.ResultStrides = Strides(byTangents);
        }

        int groups = GroupsOf(kernel);
        long units = logits.Rows * arguments.Chunks;
        long resident = (long)device.Multiprocessors * GridSize.MostResidentBlocks(kernel.Info) * groups;
        long sums = arguments.Chunks > 1 ? units : IsOnChip(kernel) ? 0 : Math.Min(units, resident);
        long stretch = QuadLayout.Elements * kernel.Info.Threads / groups;
        long padded = Ceiling(logits.Length, stretch) * stretch;
        using var session = CudaSession.Begin(queue, sums * padded * sizeof(float) / sizeof(double));
        arguments.Sums = session.Workspace.Partials with { Length = sums * padded };
        Launch(session, kernel, Ceiling(units, groups), logits, streams: 9, arguments);
        if (arguments.Chunks == 1) return;
        arguments.Combine = 1;
        Launch(session, kernel, Ceiling(logits.Rows, groups), logits, streams: 9, arguments);
    }

    /// <summary>
    /// Launches as many blocks as the device holds; where a block reads its unit a second time, only as many, but for one on
    /// each multiprocessor, as leave the units in half of the L2 cache.
    /// </summary>
    private static void Launch(
        in CudaSession session, CudaKernel kernel, long blocks, RowsView logits, int streams, in JvpArguments arguments)
    {
        long most = session.Resident(kernel);
        if (!IsOnChip(kernel) && kernel.Info.Kind is Forward or Backward)
        {
            long bytes = streams * logits.Length * logits.ElementType.Bytes();
            most = Math.Min(most, Math.Max(session.Device.Multiprocessors, session.Device.L2Bytes / 2 / bytes));
        }

        session.LaunchBlocks(kernel, (int)Math.Min(blocks, most), arguments);
    }

    private static JvpArguments Pack(JvpProblem problem, Form form, long chunk, long count) => new()
    {
        Logits = DeviceView.Of(problem.Logits),
        LogitsStrides = Strides(problem.Logits),
        Rows = problem.Logits.Rows,
        Count = (int)count,
        Chunk = (int)chunk,
        Chunks = (int)Math.Max(1, Ceiling(count, chunk)),
        Classes = (int)problem.Logits.Length,
        Form = (int)form,
        Scale = (float)(1 / (problem.Settings.Temperature * Math.Log(2))),
        InverseTemperature = (float)(1 / problem.Settings.Temperature),
    };

    private static int GroupsOf(CudaKernel kernel) =>
        kernel.Info.MaxClasses == MostClassesOfWarp || kernel.Info.Kind is Forward + General or Backward + General
            ? kernel.Info.Threads / 32
            : 1;

    private static bool IsOnChip(CudaKernel kernel) => kernel.Info.MaxClasses > 0;

    private static RowStrides Strides(RowsView view) =>
        new(view.OuterStride, view.InnerStride, view.Length == 1 ? 1 : view.ElementStride);

    private static long Ceiling(long value, long divisor) => (value + divisor - 1) / divisor;
}
