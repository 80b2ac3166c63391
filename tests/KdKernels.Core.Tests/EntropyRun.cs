using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of SoftmaxEntropy on guarded memory, with everything that it wrote.</summary>
public sealed class EntropyRun
{
    public required int Outer { get; init; }
    public int Inner { get; init; } = 1;
    public required int Classes { get; init; }
    public Layout Layout { get; init; } = Layout.Contiguous;
    public Layout? GradientLayout { get; init; }
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public required double[] Logits { get; init; }
    public double Temperature { get; init; } = 1;
    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;
    public double[]? Upstream { get; init; }

    public int Rows => Outer * Inner;

    public double[] Loss { get; private set; } = [];
    public double[] Gradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    /// <summary>Random rows, some with an outlier, in a given shape.</summary>
    public static EntropyRun Case(
        int outer,
        int inner,
        int classes,
        Layout layout,
        KdElementType type,
        double temperature,
        KdReduction reduction,
        bool upstream = false)
    {
        int rows = outer * inner;
        return new EntropyRun
        {
            Outer = outer,
            Inner = inner,
            Classes = classes,
            Layout = layout,
            Type = type,
            Temperature = temperature,
            Reduction = reduction,
            // An expanded tensor shows its only row everywhere.
            Logits = layout == Layout.Expanded
                ? [.. Enumerable.Repeat(Tests.Logits.Random(1, classes, 1, type), rows).SelectMany(v => v)]
                : Tests.Logits.Random(rows, classes, 1, type),
            Upstream = upstream
                ? Tests.Logits.Random(reduction == KdReduction.None ? rows : 1, 1, 5, type, outliers: false)
                : null,
        };
    }

    /// <summary>
    /// Forward, ForwardWithGradient and Backward; checks memory and that the three agree bit for bit.
    /// </summary>
    public EntropyRun Execute()
    {
        using GuardedTensor logits = GuardedTensor.Input(Type, Outer, Inner, Classes, Layout, Logits);
        using GuardedTensor loss = LossOutput(), lossOfForward = LossOutput(), gradient = Output(), again = Output();
        using GuardedTensor upstream = LossInput(Upstream ?? [.. Enumerable.Repeat(1.0, LossCount)]);
        var settings = new SoftmaxEntropySettings(Temperature, Reduction);
        SoftmaxEntropy.Forward(logits.View, settings, lossOfForward.View);
        SoftmaxEntropy.ForwardWithGradient(logits.View, settings, loss.View, gradient.View);
        SoftmaxEntropy.Backward(logits.View, settings, upstream.View, again.View);

        logits.AssertUntouched("logits");
        upstream.AssertUntouched("upstream");
        loss.AssertWritten("loss");
        gradient.AssertWritten("gradient of forward");
        again.AssertWritten("gradient");
        Assert.Equal(lossOfForward.Bits(), loss.Bits());
        if (Upstream is null) Assert.Equal(gradient.Bits(), again.Bits());
        Loss = loss.ToArray();
        Gradient = again.ToArray();
        Bits = [.. loss.Bits(), .. again.Bits()];
        return this;
    }

    /// <summary>Executes and compares with the oracle.</summary>
    public EntropyRun Check()
    {
        Execute();
        SoftmaxEntropyOracleResult oracle = SoftmaxEntropyOracle.Compute(
            Logits, Classes, Temperature, Enum.Parse<OracleReduction>(Reduction.ToString()), Upstream);
        double[] expected = Reduction == KdReduction.None ? oracle.RowEntropies : [oracle.Loss];
        for (int i = 0; i < expected.Length; i++)
        {
            double scale = Math.Abs(expected[i]) + Smallest;
            Tolerance.Check(expected[i], Loss[i], Tolerance.Gradient(Type), scale, $"entropy {i} of {this}");
        }

        Tolerance.CheckRows(
            oracle.Gradient,
            Gradient,
            Classes,
            Tolerance.Gradient(Type),
            row => Tolerance.Largest(oracle.Gradient, Classes, row) + Smallest,
            $"gradient of {this}");
        return this;
    }

    public override string ToString() =>
        $"[{Outer}, {Inner}, {Classes}] {Layout} {Type} T={Temperature} {Reduction} {KdCpu.Width}";

    // Below, the element type has gradually fewer digits, and then none.
    private double Smallest => Type == KdElementType.Float32 ? 1e-32 : 1e-290;

    private int LossCount => Reduction == KdReduction.None ? Rows : 1;

    private GuardedTensor Output() => new(
        Type, Outer, Inner, Classes, GradientLayout ?? (Layout == Layout.Expanded ? Layout.Contiguous : Layout));

    private GuardedTensor LossOutput() => Reduction == KdReduction.None
        ? new GuardedTensor(Type, Outer, Inner, 1, Layout.Sliced)
        : new GuardedTensor(Type, 1, 1, 1, Layout.Contiguous);

    private GuardedTensor LossInput(double[] values) => Reduction == KdReduction.None
        ? GuardedTensor.Input(Type, Outer, Inner, 1, Layout.Sliced, values)
        : GuardedTensor.Input(Type, 1, 1, 1, Layout.Contiguous, values);
}
