using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>CosineKl and ErrorLevel on a GPU.</summary>
internal static class CosineKlCuda
{
    /// <summary>The longest embedding, and the most normal ones: what shared memory holds.</summary>
    public const int Most = 1024;

    // Rows of one block.
    private const int RowsPerTile = 2;
    private const int RowsPerBlock = 16;

    /// <summary>Checks what CUDA needs and puts one kernel on the queue, two where normal embeddings get a gradient. Waits for
    /// nothing.</summary>
    public static void Run(CosineProblem problem, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(problem.StudentAugmented.Device, queue);
        Check(problem);
        long rows = problem.StudentAugmented.Rows, normals = problem.StudentNormal.Rows;
        bool wantsSum = problem.Loss is not null && problem.Settings.Reduction != KdReduction.None;
        if (rows == 0 && !wantsSum && problem.NormalGradient is null) return;
        CudaDevice device = CudaSession.DeviceOf(target);
        KdElementType type = problem.StudentAugmented.ElementType;
        CudaKernel ofRows = KernelChoice.Find(device, nameof(CosineKl), type, "rows");
        CudaKernel ofNormals = KernelChoice.Find(device, nameof(CosineKl), type, "normals");

        // The sums of tiles, then scores' gradients and rows' scales as float32.
        long tiles = (rows + RowsPerTile - 1) / RowsPerTile, scores = problem.NormalGradient is null ? 0 : rows * normals;
        long floats = problem.NormalGradient is null ? 0 : scores + rows;
        using CudaSession session = CudaSession.Begin(target, tiles + ((floats + 1) / 2));
        CosineArguments arguments = Pack(problem);
        ulong partials = session.Workspace.Partials.Address, behind = partials + ((ulong)tiles * sizeof(double));
        arguments.Counters = session.Workspace.Counters;
        arguments.Partials = new DeviceView(partials, tiles);
        if (floats > 0)
        {
            arguments.ScoreGradients = new DeviceView(behind, scores);
            arguments.Scales = new DeviceView(behind + ((ulong)scores * sizeof(float)), rows);
        }

        session.Launch(ofRows, tiles, arguments);
        if (problem.NormalGradient is not null) session.Launch(ofNormals, normals, arguments);
    }

    /// <summary>Ranks on the queue; −1 where a target is no column.</summary>
    public static void Ranks(RowsView scores, RowsView targets, RowsView ranks, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(scores.Device, queue);
        CudaGuard.IsRows(scores);
        CudaGuard.IsContiguous(targets);
        CudaGuard.IsContiguous(ranks);
        IsCount(scores.Rows, "rows", nameof(scores));
        if (scores.Rows == 0) return;
        CudaKernel kernel = KernelChoice.Find(CudaSession.DeviceOf(target), nameof(CosineKl), scores.ElementType, "rank");
        using CudaSession session = CudaSession.Begin(target, partialSlots: 0);
        session.Launch(kernel, (scores.Rows + RowsPerBlock - 1) / RowsPerBlock, new RankArguments
        {
            Scores = DeviceView.Of(scores),
            Targets = DeviceView.Of(targets),
            Ranks = DeviceView.Of(ranks),
            ScoresStrides = Strides(scores),
            Inner = Math.Max(scores.Inner, 1),
            Rows = (int)scores.Rows,
            Columns = (int)scores.Length,
        });
    }

    /// <summary>The selection on the queue.</summary>
    public static void Select(RowsView ranks, double fraction, RowsView keep, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(ranks.Device, queue);
        CudaGuard.IsContiguous(ranks);
        CudaGuard.IsContiguous(keep);
        IsCount(ranks.Rows, "rows", nameof(ranks));
        if (ranks.Rows == 0) return;
        CudaKernel kernel = KernelChoice.Find(CudaSession.DeviceOf(target), nameof(CosineKl), KdElementType.Int64, "select");
        using CudaSession session = CudaSession.Begin(target, partialSlots: 0);
        session.Launch(kernel, (ranks.Rows + RowsPerBlock - 1) / RowsPerBlock, new SelectArguments
        {
            Ranks = DeviceView.Of(ranks),
            Keep = DeviceView.Of(keep),
            Fraction = fraction,
            Rows = (int)ranks.Rows,
        });
    }

    private static void Check(CosineProblem problem)
    {
        CudaGuard.IsTemperature(problem.Settings.Temperature);
        IsEmbeddings(problem.StudentAugmented);
        IsEmbeddings(problem.StudentNormal);
        IsEmbeddings(problem.TeacherAugmented);
        IsEmbeddings(problem.TeacherNormal);
        CudaGuard.IsRows(problem.AugmentedGradient, "augmentedGradient");
        CudaGuard.IsRows(problem.NormalGradient, "normalGradient");
        CudaGuard.IsContiguous(problem.Settings.Keep, "keep");
        CudaGuard.IsContiguous(problem.Upstream, "upstream");
        CudaGuard.IsContiguous(problem.Loss, "loss");
        IsCount(problem.StudentAugmented.Rows, "augmented embeddings", "studentAugmented");
        if (problem.StudentNormal.Rows > Most)
        {
            throw new ArgumentException(
                $"expected at most {Most} normal embeddings on CUDA but got {problem.StudentNormal.Rows}", "studentNormal");
        }
    }

    private static void IsEmbeddings(RowsView view, [CallerArgumentExpression(nameof(view))] string name = "")
    {
        CudaGuard.IsRows(view, name);
        if (view.Length > Most)
            throw new ArgumentException($"expected embeddings of at most {Most} elements on CUDA but got {view.Shape}", name);
    }

    private static void IsCount(long count, string what, string name)
    {
        if (count > int.MaxValue / 2)
            throw new ArgumentException($"expected at most 2^30 {what} on CUDA but got {count}", name);
    }

    private static CosineArguments Pack(CosineProblem problem)
    {
        double temperature = problem.Settings.Temperature;
        bool isLimit = double.IsPositiveInfinity(temperature), squared = problem.Settings.TemperatureSquared;
        return new CosineArguments
        {
            StudentAugmented = DeviceView.Of(problem.StudentAugmented),
            StudentNormal = DeviceView.Of(problem.StudentNormal),
            TeacherAugmented = DeviceView.Of(problem.TeacherAugmented),
            TeacherNormal = DeviceView.Of(problem.TeacherNormal),
            AugmentedGradient = DeviceView.Of(problem.AugmentedGradient),
            NormalGradient = DeviceView.Of(problem.NormalGradient),
            Keep = DeviceView.Of(problem.Settings.Keep),
            Upstream = DeviceView.Of(problem.Upstream),
            Loss = DeviceView.Of(problem.Loss),
            StudentAugmentedStrides = Strides(problem.StudentAugmented),
            StudentNormalStrides = Strides(problem.StudentNormal),
            TeacherAugmentedStrides = Strides(problem.TeacherAugmented),
            TeacherNormalStrides = Strides(problem.TeacherNormal),
            AugmentedGradientStrides = Strides(problem.AugmentedGradient),
            NormalGradientStrides = Strides(problem.NormalGradient),
            Inner = Math.Max(problem.StudentAugmented.Inner, 1),
            NormalInner = Math.Max(problem.StudentNormal.Inner, 1),
            Rows = (int)problem.StudentAugmented.Rows,
            Normals = (int)problem.StudentNormal.Rows,
            StudentDimension = (int)problem.StudentAugmented.Length,
            TeacherDimension = (int)problem.TeacherAugmented.Length,
            Reduction = (int)problem.Settings.Reduction,
            Limit = isLimit ? 1 : 0,
            InverseTemperature = (float)(1 / temperature),
            LossFactor = (float)(isLimit ? 1 : squared ? temperature * temperature : 1),
            GradientFactor = (float)(isLimit ? 1 : squared ? temperature : 1 / temperature),
        };
    }

    private static RowStrides Strides(RowsView? operand) =>
        operand is { } view ? new(view.OuterStride, view.InnerStride, view.ElementStride) : default;
}
