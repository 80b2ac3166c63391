using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of PixelEntropy on guarded memory, with everything that it wrote.</summary>
public sealed class PixelEntropyRun
{
    public required int Images { get; init; }
    public int Channels { get; init; } = 1;
    public required int Units { get; init; }
    public Layout Layout { get; init; } = Layout.Contiguous;
    public Layout? GradientLayout { get; init; }
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public required double[] Sigma { get; init; }
    public KdReduction Reduction { get; init; } = KdReduction.Mean;
    public double Threshold { get; init; } = 0.2;

    /// <summary>One flag per unit; null: no points are counted.</summary>
    public bool[]? Foreground { get; init; }
    public Layout MaskLayout { get; init; } = Layout.Contiguous;
    public bool WantsMap { get; init; }
    public double[]? Upstream { get; init; }

    public double[] Entropy { get; private set; } = [];
    public double[] Map { get; private set; } = [];
    public double[] Gradient { get; private set; } = [];
    public double BackgroundMean { get; private set; }
    public long[] ForegroundPoints { get; private set; } = [];
    public long[] BackgroundPoints { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    private bool PerUnit => Reduction == KdReduction.None;

    private int UnitsPerImage => Channels * Units;

    /// <summary>σ log-uniform in [0.001, 1], the range of the optimisation, and a mask of about a third.</summary>
    public static PixelEntropyRun Case(
        int images,
        int channels,
        int units,
        Layout layout,
        KdElementType type,
        KdReduction reduction,
        bool points = true,
        bool map = false,
        bool upstream = false)
    {
        int count = images * channels * units;
        var random = new Random((31 * count) + units);
        double[] sigma = [.. Enumerable.Range(0, count).Select(_ => Math.Exp(-6.9 * random.NextDouble()))];
        if (layout == Layout.Expanded)
            sigma = [.. Enumerable.Range(0, count).Select(i => sigma[i % units])];
        return new PixelEntropyRun
        {
            Images = images,
            Channels = channels,
            Units = units,
            Layout = layout,
            Type = type,
            Sigma = Logits.Round(sigma, type),
            Reduction = reduction,
            Foreground = points ? [.. Enumerable.Range(0, count).Select(_ => random.Next(3) == 0)] : null,
            MaskLayout = layout == Layout.Expanded ? Layout.Contiguous : layout,
            WantsMap = map && reduction != KdReduction.None,
            Upstream = upstream
                ? Logits.Random(reduction == KdReduction.None ? count : 1, 1, 5, type, outliers: false)
                : null,
        };
    }

    /// <summary>Forward, ForwardWithGradient and Backward; checks memory and that they agree bit for bit.</summary>
    public PixelEntropyRun Execute()
    {
        using GuardedTensor sigma = GuardedTensor.Input(Type, Images, Channels, Units, Layout, Sigma);
        using GuardedTensor entropy = Result(), entropyAlone = Result(), gradient = Output(), again = Output();
        using GuardedTensor map = Output(), upstream = Input(Upstream);
        using var points = new PointMemory(this);
        var settings = new PixelEntropySettings(Reduction, Threshold);
        RowsView? wantedMap = WantsMap ? map.View : null;
        PixelEntropy.Forward(sigma.View, settings, entropyAlone.View);
        PixelEntropy.ForwardWithGradient(
            sigma.View, settings, entropy.View, gradient.View, Foreground is null ? null : points.Views, wantedMap);
        PixelEntropy.Backward(sigma.View, settings, upstream.View, again.View);

        sigma.AssertUntouched("sigma");
        upstream.AssertUntouched("upstream");
        entropy.AssertWritten("entropy");
        gradient.AssertWritten("gradient of forward");
        again.AssertWritten("gradient");
        if (Upstream is null) Assert.Equal(gradient.Bits(), again.Bits());
        Entropy = entropy.ToArray();
        Gradient = again.ToArray();
        Bits = [.. entropyAlone.Bits(), .. again.Bits()];
        if (WantsMap)
        {
            map.AssertWritten("map");
            Map = map.ToArray();
        }

        if (Foreground is null) return this;
        (BackgroundMean, ForegroundPoints, BackgroundPoints) = points.Read();
        Bits = [.. Bits, .. entropy.Bits(), .. BitConverter.GetBytes(BackgroundMean)];
        return this;
    }

    /// <summary>Executes and compares with the oracle.</summary>
    public PixelEntropyRun Check()
    {
        Execute();
        var reduction = Enum.Parse<OracleReduction>(Reduction.ToString());
        PixelEntropyOracleResult oracle =
            PixelEntropyOracle.Compute(Sigma, Images, reduction, Threshold, Foreground, Upstream);
        double relative = Tolerance.Entropy(Type);
        double scale = Math.Max(1, oracle.Map.Where(double.IsFinite).Select(Math.Abs).Append(0).Max());
        if (PerUnit)
            CheckAll(oracle.Map, Entropy, relative, scale, "entropy");
        else
            CheckAll([oracle.Entropy], Entropy, relative, Math.Max(scale, Math.Abs(oracle.Entropy)), "entropy");
        if (WantsMap) CheckAll(oracle.Map, Map, relative, scale, "map");
        // 1/σ of a tiny σ leaves the range of float.
        double[] gradient = Logits.Round(oracle.Gradient, Type);
        for (int i = 0; i < Gradient.Length; i++)
        {
            int unit = i;
            Tolerance.Check(
                gradient[i], Gradient[i], Tolerance.Gradient(Type), Math.Abs(gradient[i]),
                () => $"gradient {unit} of {this}");
        }

        if (Foreground is null) return this;
        Tolerance.Check(oracle.BackgroundMean, BackgroundMean, relative, scale, $"background mean of {this}");
        Assert.Equal(oracle.ForegroundPoints, ForegroundPoints);
        Assert.Equal(oracle.BackgroundPoints, BackgroundPoints);
        return this;
    }

    public override string ToString() =>
        $"[{Images}, {Channels}, {Units}] {Layout} {Type} {Reduction} {KdCpu.Width}";

    private void CheckAll(double[] expected, double[] actual, double relative, double scale, string what)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            int unit = i;
            Tolerance.Check(expected[i], actual[i], relative, scale, () => $"{what} {unit} of {this}");
        }
    }

    private GuardedTensor Output() => new(
        Type, Images, Channels, Units, GradientLayout ?? (Layout == Layout.Expanded ? Layout.Contiguous : Layout));

    private GuardedTensor Result() =>
        PerUnit ? Output() : new GuardedTensor(Type, 1, 1, 1, Layout.Contiguous);

    private GuardedTensor Input(double[]? upstream) => PerUnit
        ? GuardedTensor.Input(
            Type, Images, Channels, Units, Layout.Sliced, upstream ?? [.. Enumerable.Repeat(1.0, Sigma.Length)])
        : GuardedTensor.Input(Type, 1, 1, 1, Layout.Contiguous, upstream ?? [1]);

    /// <summary>The mask and what is counted.</summary>
    private sealed class PointMemory(PixelEntropyRun run) : IDisposable
    {
        private readonly GuardedTensor mask = GuardedTensor.Input(
            KdElementType.Bool, run.Images, run.Channels, run.Units, run.MaskLayout,
            [.. (run.Foreground ?? new bool[run.Images * run.UnitsPerImage]).Select(flag => flag ? 1.0 : 0.0)]);

        private readonly GuardedTensor mean = new(run.Type, 1, 1, 1, Layout.Contiguous);
        private readonly GuardedTensor ofForeground = new(KdElementType.Int64, run.Images, 1, 1, Layout.Sliced);
        private readonly GuardedTensor ofBackground = new(KdElementType.Int64, run.Images, 1, 1, Layout.Contiguous);

        public PixelEntropyPoints Views => new(mask.View, mean.View, ofForeground.View, ofBackground.View);

        public (double Mean, long[] Foreground, long[] Background) Read()
        {
            mask.AssertUntouched("mask");
            mean.AssertWritten("background mean");
            ofForeground.AssertWritten("foreground points");
            ofBackground.AssertWritten("background points");
            return (mean[0, 0], Counts(ofForeground), Counts(ofBackground));
        }

        public void Dispose()
        {
            mask.Dispose();
            mean.Dispose();
            ofForeground.Dispose();
            ofBackground.Dispose();
        }

        private static long[] Counts(GuardedTensor counts) => [.. counts.ToArray().Select(count => (long)count)];
    }
}
