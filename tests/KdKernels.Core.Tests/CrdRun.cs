using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of CrdContrast on guarded memory, with everything that it wrote.</summary>
public sealed class CrdRun
{
    public required int Batch { get; init; }
    public required int Rows { get; init; }
    public required int Dimension { get; init; }
    public required int Count { get; init; }
    public Layout Layout { get; init; } = Layout.Contiguous;
    public Layout BankLayout { get; init; } = Layout.Contiguous;
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public required double[] Anchors { get; init; }
    public required double[] Bank { get; init; }
    public required long[] Positives { get; init; }
    public required long[] Negatives { get; init; }

    /// <summary>Draws instead of taking <see cref="Negatives"/>.</summary>
    public CrdChoice? Choice { get; init; }
    public double Temperature { get; init; } = 0.07;
    public double Normalizer { get; init; } = 100;
    public double Epsilon { get; init; }
    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;
    public double[]? Upstream { get; init; }

    public double[] Loss { get; private set; } = [];
    public double[] Gradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];
    public double Estimate { get; private set; }

    /// <summary>Unit rows, random indices.</summary>
    public static CrdRun Case(
        int batch,
        int rows,
        int dimension,
        int count,
        KdElementType type,
        KdReduction reduction = KdReduction.BatchMean,
        Layout layout = Layout.Contiguous,
        double epsilon = 0,
        bool upstream = false,
        double temperature = 0.07)
    {
        var random = new Random(batch + (7 * rows) + (31 * dimension) + count);
        double[] bank = Unit(random, rows, dimension, type);
        return new CrdRun
        {
            Batch = batch,
            Rows = rows,
            Dimension = dimension,
            Count = count,
            Type = type,
            Layout = layout,
            BankLayout = layout == Layout.Contiguous ? Layout.Contiguous : Layout.Sliced,
            Temperature = temperature,
            Normalizer = rows * 3.5,
            Epsilon = epsilon,
            Reduction = reduction,
            Bank = bank,
            Anchors = Unit(random, batch, dimension, type),
            Positives = Indices(random, batch, rows),
            Negatives = Indices(random, batch * count, rows),
            Upstream = upstream
                ? Logits.Random(reduction == KdReduction.None ? batch : 1, 1, 5, type, outliers: false)
                : null,
        };
    }

    /// <summary>Forward, ForwardWithGradient, Backward; checks memory and that the three agree bit for bit.</summary>
    public CrdRun Execute()
    {
        using GuardedTensor anchors = GuardedTensor.Input(Type, Batch, 1, Dimension, Layout, Anchors);
        using GuardedTensor bank = GuardedTensor.Input(Type, Rows, 1, Dimension, BankLayout, Bank);
        using GuardedTensor positives = Integers(Batch, 1, Positives), negatives = Integers(Batch, Batch == 0 ? Count : Negatives.Length / Batch, Negatives);
        using GuardedTensor loss = LossOutput(), lossOfForward = LossOutput();
        using GuardedTensor gradient = new(Type, Batch, 1, Dimension, Layout), again = new(Type, Batch, 1, Dimension, Layout);
        using GuardedTensor upstream = LossInput(Upstream ?? [.. Enumerable.Repeat(1.0, LossCount)]);
        var settings = new CrdContrastSettings(Temperature, Normalizer, Reduction) { Epsilon = Epsilon };
        CrdChoice choice = Choice ?? CrdChoice.Of(negatives.View);
        CrdContrast.Forward(anchors.View, bank.View, positives.View, choice, settings, lossOfForward.View);
        CrdContrast.ForwardWithGradient(
            anchors.View, bank.View, positives.View, choice, settings, loss.View, gradient.View);
        CrdContrast.Backward(
            anchors.View, bank.View, positives.View, choice, settings, upstream.View, again.View);
        Estimate = CrdContrast.EstimateNormalizer(anchors.View, bank.View, positives.View, choice, Temperature);

        anchors.AssertUntouched("anchors");
        bank.AssertUntouched("bank");
        positives.AssertUntouched("positives");
        negatives.AssertUntouched("negatives");
        upstream.AssertUntouched("upstream");
        loss.AssertWritten("loss");
        gradient.AssertWritten("gradient of forward");
        again.AssertWritten("gradient");
        Assert.Equal(lossOfForward.Bits(), loss.Bits());
        if (Upstream is null) Assert.Equal(gradient.Bits(), again.Bits());
        Loss = loss.ToArray();
        Gradient = again.ToArray();
        Bits = [.. loss.Bits(), .. again.Bits(), .. BitConverter.GetBytes(Estimate)];
        return this;
    }

    /// <summary>Executes and compares with the oracle.</summary>
    public CrdRun Check()
    {
        Execute();
        CrdContrastOracleResult oracle = CrdContrastOracle.Compute(
            Anchors, Bank, Dimension, Positives, Negatives, Temperature, Normalizer, Epsilon, Enum.Parse<OracleReduction>(Reduction.ToString()), Upstream);
        double[] expected = Reduction == KdReduction.None ? oracle.AnchorLosses : [oracle.Loss];
        for (int i = 0; i < expected.Length; i++)
            Tolerance.Check(expected[i], Loss[i], Allowed, Math.Abs(expected[i]), $"loss {i} of {this}");
        Tolerance.CheckRows(
            oracle.Gradient,
            Gradient,
            Dimension,
            Allowed,
            row => Tolerance.Largest(oracle.Gradient, Dimension, row),
            $"gradient of {this}");
        if (Batch > 0)
        {
            double z = CrdContrastOracle.EstimateNormalizer(
                Anchors, Bank, Dimension, Positives, Negatives, Temperature);
            Tolerance.Check(z, Estimate, Allowed, z, $"normaliser of {this}");
        }

        return this;
    }

    public override string ToString() =>
        $"B={Batch} n={Rows} D={Dimension} K={Count} {Layout} {Type} tau={Temperature} eps={Epsilon} {Reduction} {KdCpu.Width}";

    // A score's rounding, 1e-7 in float32, is divided by the temperature.
    private double Allowed =>
        Type == KdElementType.Float32 ? 1e-6 + (2e-7 / Temperature) : 1e-13 + (5e-16 / Temperature);

    private int LossCount => Reduction == KdReduction.None ? Batch : 1;

    public static double[] Unit(Random random, int rows, int dimension, KdElementType type)
    {
        double[] values = [.. Enumerable.Range(0, rows * dimension).Select(_ => random.NextDouble() - 0.5)];
        for (int row = 0; row < rows; row++)
        {
            double norm = Math.Sqrt(values.Skip(row * dimension).Take(dimension).Sum(v => v * v));
            for (int d = 0; d < dimension; d++) values[(row * dimension) + d] /= norm;
        }

        return Logits.Round(values, type);
    }

    public static GuardedTensor Integers(int rows, int length, long[] values) => GuardedTensor.Input(
        KdElementType.Int64, rows, 1, length, Layout.Sliced, [.. values.Select(v => (double)v)]);

    private static long[] Indices(Random random, int count, int rows) =>
        [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(rows))];

    private GuardedTensor LossOutput() => Reduction == KdReduction.None
        ? new GuardedTensor(Type, Batch, 1, 1, Layout.Sliced)
        : new GuardedTensor(Type, 1, 1, 1, Layout.Contiguous);

    private GuardedTensor LossInput(double[] values) => Reduction == KdReduction.None
        ? GuardedTensor.Input(Type, Batch, 1, 1, Layout.Sliced, values)
        : GuardedTensor.Input(Type, 1, 1, 1, Layout.Contiguous, values);
}
