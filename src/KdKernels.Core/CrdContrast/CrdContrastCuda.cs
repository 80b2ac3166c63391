using System.Globalization;

namespace KdKernels.Core;

/// <summary>CrdContrast on a GPU.</summary>
internal static class CrdContrastCuda
{
    /// <summary>Negatives of one tile of the kernels.</summary>
    public const int NegativesPerTile = 1024;

    /// <summary>The longest row that they take.</summary>
    public const int MostDimensions = 1024;

    // e^500 is far from the largest double, and so is what e^(s/τ − 500) leaves.
    private const double LargestShift = 500;

    /// <summary>Checks what CUDA needs and puts the work on the queue. Waits for nothing.</summary>
    public static void Run(CrdProblem problem, CudaQueue? queue)
    {
        CudaQueue target = CheckOperands(problem, queue);
        bool wantsSum = problem.Loss is not null && problem.Reduction != KdReduction.None;
        if (problem.Anchors.Rows == 0 && !wantsSum) return;
        CrdArguments arguments = Pack(problem);
        arguments.Scale = (float)(1 / problem.Temperature);
        arguments.Offset = (float)(problem.NormalizerAt is null ? problem.Offset : -Math.Log(problem.Share + problem.Epsilon));
        arguments.EpsilonTerm = (float)(problem.Count * problem.EpsilonTerm);
        arguments.Normalizer = DeviceView.Of(problem.NormalizerAt);
        Launch(problem, arguments, target);
    }

    /// <summary>Writes Z, which stays on the device.</summary>
    public static void EstimateNormalizer(CrdProblem problem, RowsView normalizer, bool onlyIfZero, CudaQueue? queue)
    {
        CudaQueue target = CheckOperands(problem, queue);
        CrdArguments arguments = Pack(problem);
        double shift = Math.Min(1 / problem.Temperature, LargestShift);
        arguments.Mode = onlyIfZero ? 2 : 1;
        arguments.Scale = (float)(1 / problem.Temperature);
        arguments.Offset = (float)-shift;
        double terms = (problem.Count + 1.0) * problem.Anchors.Rows;
        arguments.NormalizerFactor = Math.Exp(shift) * (problem.Bank.Rows / terms);
        arguments.Normalizer = DeviceView.Of(normalizer);
        Launch(problem, arguments, target);
    }

    /// <summary>Writes the rows that are drawn.</summary>
    public static void Draw(RowsView positives, CrdChoice negatives, RowsView rows, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(positives.Device, queue);
        CudaGuard.IsContiguous(positives, nameof(positives));
        CudaGuard.IsContiguous(rows, nameof(rows));
        if (positives.Rows == 0) return;
        var arguments = new CrdDrawArguments
        {
            Source = Source(positives, negatives, checked((int)negatives.Drawn!.BankRows)),
            Rows = DeviceView.Of(rows),
        };
        CudaKernel kernel = KernelChoice.Find(
            CudaSession.DeviceOf(target), nameof(CrdContrast), KdElementType.Int64, "draw");
        long threads = positives.Rows * ((negatives.Count + 3L) / 4);
        using CudaSession session = CudaSession.Begin(target, partialSlots: 0);
        session.Launch(kernel, Ceiling(threads, kernel.Info.Threads), arguments);
    }

    private static void Launch(CrdProblem problem, CrdArguments arguments, CudaQueue queue)
    {
        CudaKernel kernel = Choose(problem.Bank, CudaSession.DeviceOf(queue));
        long anchors = problem.Anchors.Rows, dimension = problem.Bank.Length;
        long slices = Ceiling(problem.Count, NegativesPerTile), tiles = anchors * slices;
        if (tiles > int.MaxValue)
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"expected at most 2^31 − 1 pieces of {NegativesPerTile} negatives on CUDA but got {tiles}"),
                "negatives");
        }

        // Behind the losses of tiles and anchors lie the tiles' gradients, as float32.
        long losses = tiles + anchors;
        long gradients = problem.Gradient is null ? 0 : tiles * dimension;
        using CudaSession session = CudaSession.Begin(queue, losses + Ceiling(gradients, 2));
        ulong partials = session.Workspace.Partials.Address;
        arguments.Slices = (int)slices;
        arguments.Counters = session.Workspace.Counters;
        arguments.Partials = new DeviceView(partials, tiles);
        arguments.AnchorLosses = new DeviceView(partials + ((ulong)tiles * sizeof(double)), anchors);
        if (gradients > 0)
            arguments.PartialGradients = new DeviceView(partials + ((ulong)losses * sizeof(double)), gradients);
        session.Launch(kernel, tiles, arguments);
    }

    /// <summary>Whole vectors where the bank allows it, else element by element.</summary>
    private static CudaKernel Choose(RowsView bank, CudaDevice device)
    {
        const int vectorBytes = 16;
        int size = bank.ElementType.Bytes();
        bool aligned = bank.Data % vectorBytes == 0
            && bank.Length * size % vectorBytes == 0
            && (bank.Rows == 1 || bank.OuterStride * size % vectorBytes == 0);
        CudaKernel[] kernels = device.Kernels(nameof(CrdContrast), bank.ElementType);
        long longest = kernels.Where(kernel => kernel.Info.Kind == "rows").Select(kernel => kernel.Info.MaxClasses).DefaultIfEmpty().Max();
        string kind = aligned && bank.Length <= longest ? "rows" : KernelKind.General;
        return KernelChoice.Find(device, nameof(CrdContrast), bank.ElementType, kind, bank.Length);
    }

    private static CudaQueue CheckOperands(CrdProblem problem, CudaQueue? queue)
    {
        CudaQueue target = CudaGuard.IsQueueOf(problem.Anchors.Device, queue);
        CudaGuard.IsRows(problem.Anchors, "anchors");
        CudaGuard.IsRows(problem.Gradient, "gradient");
        CudaGuard.IsRows(problem.Bank, "bank");
        CudaGuard.IsContiguous(problem.Positives, "positives");
        CudaGuard.IsContiguous(problem.Upstream, "upstream");
        CudaGuard.IsContiguous(problem.Loss, "loss");
        IsBank(problem.Bank);
        if (problem.Anchors.Rows > int.MaxValue)
            throw new ArgumentException($"expected at most 2^31 − 1 anchors on CUDA but got {problem.Anchors.Rows}", "anchors");
        return target;
    }

    /// <summary>Rows of 1 to 1024 elements, 0 to 2^31 − 1 apart.</summary>
    private static void IsBank(RowsView bank)
    {
        if (bank.Length is < 1 or > MostDimensions)
            throw new ArgumentException($"expected rows of 1 to {MostDimensions} elements on CUDA but got {bank.Shape}", nameof(bank));
        if (bank.Rows > 1 && bank.OuterStride is < 0 or > int.MaxValue)
        {
            throw new ArgumentException(
                $"expected rows of a bank to lie 0 to 2^31 − 1 elements apart on CUDA but got stride {bank.OuterStride}", nameof(bank));
        }
    }

    private static CrdArguments Pack(CrdProblem problem) => new()
    {
        Source = Source(problem.Positives, problem.Negatives, (int)problem.Bank.Rows),
        Anchors = DeviceView.Of(problem.Anchors),
        Bank = DeviceView.Of(problem.Bank),
        Gradient = DeviceView.Of(problem.Gradient),
        Upstream = DeviceView.Of(problem.Upstream),
        Loss = DeviceView.Of(problem.Loss),
        AnchorStrides = Strides(problem.Anchors),
        GradientStrides = problem.Gradient is { } gradient ? Strides(gradient) : default,
        BankStride = problem.Bank.Rows > 1 ? (int)problem.Bank.OuterStride : 0,
        Dimension = (int)problem.Bank.Length,
        Reduction = (int)problem.Reduction,
    };

    private static CrdSource Source(RowsView positives, CrdChoice negatives, int bankRows)
    {
        var source = new CrdSource
        {
            Positives = DeviceView.Of(positives),
            Inner = Math.Max(positives.Inner, 1),
            Anchors = (int)positives.Rows,
            BankRows = bankRows,
            Count = negatives.Count,
        };
        if (negatives.Given is { } given)
        {
            source.Negatives = DeviceView.Of(given);
            source.NegativesStrides = Strides(given);
            return source;
        }

        CrdNegatives drawn = negatives.Drawn!;
        source.Step = unchecked((int)negatives.Step);
        source.Key0 = unchecked((int)(uint)drawn.Seed);
        source.Key1 = unchecked((int)(uint)(drawn.Seed >> 32));
        source.StepAt = StepAt(negatives, positives.Device);
        source.Classes = Classes(negatives, drawn, positives.Device);
        return source;
    }

    private static DeviceView StepAt(CrdChoice negatives, KdDevice device)
    {
        if (negatives.StepAt is { } step) Guard.HasShape(step, KdElementType.Int64, 1, 1, 1, device, "stepAt");
        return DeviceView.Of(negatives.StepAt);
    }

    private static DeviceView Classes(CrdChoice negatives, CrdNegatives drawn, KdDevice device)
    {
        if (!drawn.RejectsClass) return default;
        if (negatives.Classes is not { } classes)
        {
            throw new ArgumentException(
                $"expected the table of the classes in the memory of {device}, as CrdNegatives.WriteClasses gives it, but got none",
                nameof(negatives));
        }

        Guard.HasShape(classes, KdElementType.Int64, 1, 1, drawn.ClassesLength, device, "classes");
        CudaGuard.IsContiguous(classes);
        return DeviceView.Of(classes);
    }

    private static RowStrides Strides(RowsView view) => new(view.OuterStride, view.InnerStride, view.ElementStride);

    private static long Ceiling(long value, long divisor) => (value + divisor - 1) / divisor;
}
