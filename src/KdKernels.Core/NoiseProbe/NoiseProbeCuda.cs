namespace KdKernels.Core;

/// <summary>NoiseProbe on a GPU.</summary>
internal static class NoiseProbeCuda
{
    // Threads of a block: the vector kernels have a thread for each vector of a row of pixels, the others one for each pixel.
    private const int Threads = 256;

    // Elements of a tile, about: what a block does before it counts the tile and adds up its cells.
    private const long TileElements = 16384;

    // The kernels number rows, columns and tiles in 32 bits, and multiply a row by the number of cells.
    private const long MostProduct = 1L << 30;

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    /// <param name="problem">The call; what does not depend on the device is checked.</param>
    /// <param name="queue">Where it goes.</param>
    public static void Forward(NoiseProbeProblem problem, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(problem.Copies.Device, queue);
        RowsView input = problem.Input!.Value;
        CudaGuard.IsContiguous(input, "input");
        CudaGuard.IsContiguous(problem.Sigma, "sigma");
        CudaGuard.IsContiguous(problem.Copies, "output");
        FitsKernels(problem);
        if (problem.Copies.Rows * problem.Copies.Length == 0) return;

        bool vectors = TakesVectors(problem, input);
        CudaKernel kernel = Kernel(target, problem, vectors ? "forward" : "forward-any");
        NoiseProbeArguments arguments = Pack(problem, vectors);
        arguments.Input = DeviceView.Of(input);
        using CudaSession session = CudaSession.Begin(target, partialSlots: 0);
        session.Launch(kernel, Tiles(arguments), arguments);
    }

    /// <inheritdoc cref="Forward"/>
    public static void Backward(NoiseProbeProblem problem, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(problem.Copies.Device, queue);
        CudaGuard.IsContiguous(problem.Copies, "upstream");
        CudaGuard.IsContiguous(problem.Sigma, "sigmaGradient");
        FitsKernels(problem);
        if (problem.Sigma.Rows * problem.Sigma.Length == 0) return;

        bool vectors = TakesVectors(problem, problem.Copies);
        CudaKernel kernel = Kernel(target, problem, vectors ? "backward" : "backward-any");
        NoiseProbeArguments arguments = Pack(problem, vectors);
        long tiles = Tiles(arguments);
        // Every tile has a slot for each cell of its row of cells.
        using CudaSession session = CudaSession.Begin(target, tiles * problem.Sigma.Length);
        arguments.Partials = session.Workspace.Partials;
        arguments.Counters = session.Workspace.Counters;
        session.Launch(kernel, tiles, arguments);
    }

    private static CudaKernel Kernel(CudaQueue queue, NoiseProbeProblem problem, string kind) => KernelChoice.Find(
        CudaSession.DeviceOf(queue), nameof(NoiseProbe), problem.Copies.ElementType, kind, problem.Width);

    /// <summary>Rows of pixels are whole vectors, and few enough for one row of threads.</summary>
    private static bool TakesVectors(NoiseProbeProblem problem, in RowsView other)
    {
        const int vectorBytes = 16;
        int perVector = vectorBytes / problem.Copies.ElementType.Bytes();
        return problem.Width % perVector == 0
            && problem.Width / perVector <= Threads
            && problem.Copies.Data % vectorBytes == 0
            && other.Data % vectorBytes == 0;
    }

    private static NoiseProbeArguments Pack(NoiseProbeProblem problem, bool vectors)
    {
        NoiseProbeSettings settings = problem.Settings;
        RowsView sigma = problem.Sigma;
        int cellRows = (int)sigma.Inner, channels = (int)problem.Channels;
        int columns = vectors ? problem.Width : Math.Min(problem.Width, Threads);
        int bandRows = Ceiling(problem.Height, cellRows);
        int rows = (int)Math.Clamp(TileElements / Math.Max((long)columns * channels, 1), 1, Math.Max(bandRows, 1));
        return new NoiseProbeArguments
        {
            Copies = DeviceView.Of(problem.Copies),
            Sigma = DeviceView.Of(sigma),
            Plane = problem.Copies.Length,
            Channels = channels,
            Height = problem.Height,
            Width = problem.Width,
            CellRows = cellRows,
            CellColumns = (int)sigma.Length,
            Samples = settings.Samples,
            CopyCount = (int)problem.Copies.Outer,
            OneInput = problem.Input is { Outer: 1 } ? 1 : 0,
            OneSigma = sigma.Outer == 1 ? 1 : 0,
            TileRows = rows,
            TileColumns = columns,
            BandTiles = Ceiling(bandRows, rows),
            ColumnTiles = Ceiling(problem.Width, columns),
            Keys = PhiloxKeys.Of(settings.Seed),
            Step = settings.Step,
            FirstSample = settings.FirstSample,
            Purpose = PhiloxPurpose.NoiseProbe,
        };
    }

    /// <exception cref="ArgumentException">There are too many for one launch.</exception>
    private static long Tiles(in NoiseProbeArguments a)
    {
        long tiles = (long)a.CopyCount * a.CellRows * a.BandTiles * a.ColumnTiles;
        if (tiles > MostProduct)
        {
            throw new ArgumentException(
                $"expected at most 2^30 tiles of an image on CUDA but got {tiles}, of {a.CopyCount} copies with "
                + $"{a.CellRows} rows of cells");
        }

        return tiles;
    }

    private static void FitsKernels(NoiseProbeProblem problem)
    {
        RowsView copies = problem.Copies, sigma = problem.Sigma;
        bool fits = copies.Outer <= MostProduct
            && (problem.Height + 1L) * Math.Max(sigma.Inner + 1, problem.Channels) <= MostProduct
            && (problem.Width + 1L) * (sigma.Length + 1) <= MostProduct;
        if (!fits)
        {
            throw new ArgumentException(
                "expected fewer than 2^30 copies, rows x cells, rows x channels and columns x cells on CUDA but got "
                + $"{copies.Outer} copies of {problem.Channels} channels of {problem.Height} x {problem.Width} pixels in "
                + $"{sigma.Inner} x {sigma.Length} cells");
        }
    }

    private static int Ceiling(int value, int divisor) => (int)(((long)value + divisor - 1) / Math.Max(divisor, 1));
}
