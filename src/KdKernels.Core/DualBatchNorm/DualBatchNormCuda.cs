namespace KdKernels.Core;

/// <summary>
/// DualBatchNorm on a GPU: one launch, and a second one for the gradients of weights and biases, whose samples are cut into
/// units of a fixed size.
/// </summary>
internal static class DualBatchNormCuda
{
    private const string Scale = "scale";
    private const string Backward = "backward";
    private const string Finish = "finish";
    private const string GeneralSuffix = "-general";
    private const long ColumnsPerTile = 1024;
    private const long SamplesPerStep = 4;

    // A unit leaves two sums for each column; few columns need more units to keep a GPU busy.
    private const long FewColumns = 8192;
    private const long SamplesPerUnit = 64;
    private const long SamplesPerUnitOfFew = 16;

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="problem">The call; what does not depend on the device is checked.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Run(NormProblem problem, CudaQueue? queue)
    {
        RowsView stack = problem.Stack;
        CudaQueue target = CudaGuard.IsQueueOf(stack.Device, queue);
        Check(problem);
        long columns = problem.Channels * problem.Length;
        if (columns > CudaGuard.MostClasses)
            throw new ArgumentException($"expected at most 2^30 elements of a sample on CUDA but got {stack.Shape}", nameof(problem));

        bool sums = problem.WeightGradient is not null || problem.BiasGradient is not null;
        bool nothing = problem.Result is null && problem.StackGradient is null && !sums;
        if (nothing || problem.Channels == 0 || (stack.Rows * problem.Length == 0 && !sums)) return;
        RowsView result = problem.Result ?? problem.StackGradient ?? stack;
        bool constant = problem.Upstream is { } given && Guard.IsConstant(given);
        RowsView upstream = problem.Upstream is { } other && !constant ? other : stack;
        CudaDevice device = CudaSession.DeviceOf(target);
        bool whole = columns % QuadLayout.Elements == 0 && AreAligned(stack, result, upstream);
        CudaKernel kernel = Find((sums ? Backward : Scale) + (whole ? "" : GeneralSuffix));
        CudaKernel? finish = sums ? Find(Finish) : null;

        long perUnit = columns <= FewColumns ? SamplesPerUnitOfFew : SamplesPerUnit;
        long slots = sums ? Ceiling(stack.Outer, perUnit) * columns : 0;
        using var session = CudaSession.Begin(target, slots);
        long tiles = Ceiling(columns, ColumnsPerTile);
        // Without sums the cut changes no bit, and follows the device.
        long chunk = sums ? perUnit : Ceiling(Ceiling(stack.Outer * tiles, 2 * session.Resident(kernel)), SamplesPerStep) * SamplesPerStep;
        long chunks = Ceiling(stack.Outer, Math.Max(chunk, 1));
        NormArguments arguments = Pack(problem, chunk, chunks, constant);
        arguments.Sums = session.Workspace.Partials with { Length = 2 * slots };
        if (chunks > 0 && tiles > 0) session.Launch(kernel, tiles * chunks, arguments);
        if (finish is not null) session.Launch(finish, Ceiling(problem.Channels, finish.Info.Threads / 32), arguments);

        CudaKernel Find(string kind) => KernelChoice.Find(device, nameof(DualBatchNorm), stack.ElementType, kind);
    }

    private static void Check(NormProblem problem)
    {
        CudaGuard.IsAddress(problem.Stack, "stack");
        CudaGuard.IsAddress(problem.MeanVector, "mean");
        CudaGuard.IsAddress(problem.VarianceVector, "variance");
        CudaGuard.IsAddress(problem.WeightVector, "weight");
        CudaGuard.IsAddress(problem.BiasVector, "bias");
        CudaGuard.IsAddress(problem.Upstream, "upstream");
        CudaGuard.IsAddress(problem.Result, "result");
        CudaGuard.IsAddress(problem.StackGradient, "stackGradient");
        CudaGuard.IsAddress(problem.WeightGradient, "weightGradient");
        CudaGuard.IsAddress(problem.BiasGradient, "biasGradient");
    }

    private static bool AreAligned(params ReadOnlySpan<RowsView> operands)
    {
        foreach (RowsView view in operands)
            if (view.Data % (QuadLayout.Elements * view.ElementType.Bytes()) != 0) return false;
        return true;
    }

    private static NormArguments Pack(NormProblem problem, long chunk, long chunks, bool constant) => new()
    {
        Stack = DeviceView.Of(problem.Stack),
        Mean = DeviceView.Of(problem.MeanVector),
        Variance = DeviceView.Of(problem.VarianceVector),
        Weight = DeviceView.Of(problem.WeightVector),
        Bias = DeviceView.Of(problem.BiasVector),
        Upstream = DeviceView.Of(problem.Upstream),
        Result = DeviceView.Of(problem.Result ?? problem.StackGradient),
        WeightGradient = DeviceView.Of(problem.WeightGradient),
        BiasGradient = DeviceView.Of(problem.BiasGradient),
        MeanStride = problem.MeanVector.ElementStride,
        VarianceStride = problem.VarianceVector.ElementStride,
        WeightStride = problem.WeightVector?.ElementStride ?? 0,
        BiasStride = problem.BiasVector?.ElementStride ?? 0,
        WeightGradientStride = problem.WeightGradient?.ElementStride ?? 0,
        BiasGradientStride = problem.BiasGradient?.ElementStride ?? 0,
        Samples = problem.Stack.Outer,
        Primals = problem.Primals,
        Chunk = chunk,
        Chunks = (int)chunks,
        Channels = (int)problem.Channels,
        Length = (int)problem.Length,
        Constant = constant ? 1 : 0,
        Epsilon = (float)problem.Epsilon,
    };

    private static long Ceiling(long value, long divisor) => (value + divisor - 1) / divisor;
}
