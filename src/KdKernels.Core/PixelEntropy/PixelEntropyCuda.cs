namespace KdKernels.Core;

/// <summary>PixelEntropy on a GPU: a kernel that reads σ once and, for knowledge points of many units, one that counts.</summary>
internal static class PixelEntropyCuda
{
    private const int VectorBytes = 16;

    // A step of the sum: four vectors of each of 256 threads, or sixteen units by themselves.
    private const int Threads = 256;
    private const int VectorsPerStep = 4 * Threads;
    private const int UnitsPerStep = 16 * Threads;

    // The block that is done last adds up the tiles: few enough not to be waited for.
    private const long MostTiles = 4096;

    // What the block that is done last counts about as fast as a kernel for it starts.
    private const long MostUnitsInPlace = 16384;
    private const long MostImageUnitsInPlace = 1024;

    private const long UnitsPerCountTile = 16384;
    private const long MostCountTiles = 1L << 30;

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="problem">The call; what does not depend on the device is checked.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Run(PixelEntropyProblem problem, CudaQueue? queue)
    {
        RowsView sigma = problem.Sigma;
        CudaQueue target = CudaGuard.IsQueueOf(sigma.Device, queue);
        Check(problem);
        bool wantsSum = problem.Entropy is not null || problem.Points is not null;
        if (problem.Units == 0 && !wantsSum) return;

        CudaDevice device = CudaSession.DeviceOf(target);
        bool vectors = TakesVectors(problem);
        CudaKernel sum = KernelChoice.Find(
            device, nameof(PixelEntropy), sigma.ElementType, vectors ? "flat" : "any");
        PixelEntropyArguments arguments = Pack(problem, vectors);
        bool counts = problem.Points is not null && arguments.CountsInPlace == 0 && arguments.Images > 0;
        CudaKernel? count = counts
            ? KernelChoice.Find(
                device, nameof(PixelEntropy), sigma.ElementType, CountsVectors(problem) ? "points" : "points-any")
            : null;

        long countTiles = (long)arguments.Images * arguments.CountTiles;
        long slots = Math.Max((long)arguments.Tiles * arguments.Columns, counts ? 1 + (2 * countTiles) : 0);
        using CudaSession session = CudaSession.Begin(target, slots);
        arguments.Partials = session.Workspace.Partials;
        arguments.Counters = session.Workspace.Counters;
        session.Launch(sum, arguments.Tiles, arguments);
        if (count is not null) session.Launch(count, countTiles, arguments);
    }

    private static void Check(PixelEntropyProblem problem)
    {
        CudaGuard.IsContiguous(problem.Sigma, "sigma");
        CudaGuard.IsContiguous(problem.Map, "map");
        CudaGuard.IsContiguous(problem.Gradient, "gradient");
        CudaGuard.IsContiguous(problem.Upstream, "upstream");
        CudaGuard.IsContiguous(problem.Entropy, "entropy");
        CudaGuard.IsContiguous(problem.Points?.Foreground, "foreground");
        CudaGuard.IsContiguous(problem.Points?.BackgroundMean, "backgroundMean");
        CudaGuard.IsContiguous(problem.Points?.ForegroundPoints, "foregroundPoints");
        CudaGuard.IsContiguous(problem.Points?.BackgroundPoints, "backgroundPoints");
        if (CountTiles(problem) * problem.Sigma.Outer > MostCountTiles)
        {
            throw new ArgumentException(
                $"expected at most 2^30 pieces of {UnitsPerCountTile} units on CUDA but got shape {problem.Sigma.Shape}");
        }
    }

    /// <summary>Everything that has a value per unit begins at a multiple of 16 bytes, masks at one of a vector's units.</summary>
    private static bool TakesVectors(PixelEntropyProblem problem)
    {
        bool perUnitUpstream = problem.PerUnit;
        return IsAligned(problem.Sigma, VectorBytes)
            && IsAligned(problem.Gradient, VectorBytes)
            && IsAligned(problem.Map, VectorBytes)
            && (!perUnitUpstream || IsAligned(problem.Upstream, VectorBytes))
            && IsAligned(problem.Points?.Foreground, PerVector(problem));
    }

    private static bool CountsVectors(PixelEntropyProblem problem)
    {
        long units = problem.Sigma.Inner * problem.Sigma.Length;
        return units % PerVector(problem) == 0
            && IsAligned(problem.Sigma, VectorBytes)
            && IsAligned(problem.Points?.Foreground, PerVector(problem));
    }

    private static int PerVector(PixelEntropyProblem problem) => VectorBytes / problem.Sigma.ElementType.Bytes();

    private static bool IsAligned(RowsView? view, int bytes) => view is not { } given || given.Data % bytes == 0;

    private static PixelEntropyArguments Pack(PixelEntropyProblem problem, bool vectors)
    {
        RowsView sigma = problem.Sigma;
        long step = vectors ? (long)VectorsPerStep * PerVector(problem) : UnitsPerStep;
        long steps = Ceiling(problem.Units, step);
        long tileSteps = Math.Max(Ceiling(steps, MostTiles), 1);
        long imageUnits = sigma.Inner * sigma.Length;
        bool inPlace = problem.Points is not null
            && problem.Units <= MostUnitsInPlace
            && imageUnits <= MostImageUnitsInPlace;
        return new PixelEntropyArguments
        {
            Sigma = DeviceView.Of(sigma),
            Gradient = DeviceView.Of(problem.Gradient),
            Upstream = DeviceView.Of(problem.Upstream),
            Map = DeviceView.Of(problem.Map),
            Foreground = DeviceView.Of(problem.Points?.Foreground),
            Entropy = DeviceView.Of(problem.Entropy),
            BackgroundMean = DeviceView.Of(problem.Points?.BackgroundMean),
            ForegroundPoints = DeviceView.Of(problem.Points?.ForegroundPoints),
            BackgroundPoints = DeviceView.Of(problem.Points?.BackgroundPoints),
            ImageUnits = imageUnits,
            Images = (int)sigma.Outer,
            TileSteps = checked((int)tileSteps),
            Tiles = (int)Ceiling(steps, tileSteps),
            Columns = problem.Points is not null ? 4 : problem.Entropy is not null ? 1 : 0,
            CountsInPlace = inPlace ? 1 : 0,
            CountTiles = (int)CountTiles(problem),
            Divisor = problem.Divisor,
            Threshold = problem.Settings.Threshold,
            InverseDivisor = (float)(1 / problem.Divisor),
        };
    }

    /// <summary>Pieces that an image is counted in; one, where there is nothing to count, writes the zeros.</summary>
    private static long CountTiles(PixelEntropyProblem problem) =>
        Math.Max(Ceiling(problem.Sigma.Inner * problem.Sigma.Length, UnitsPerCountTile), 1);

    private static long Ceiling(long value, long divisor) => (value + divisor - 1) / divisor;
}
