using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of SoftmaxJvp, forward and backward, on guarded memory, with everything that it wrote.</summary>
public sealed class JvpRun
{
    public required int Rows { get; init; }
    public required int Tangents { get; init; }
    public required int Classes { get; init; }
    public Layout Layout { get; init; } = Layout.Contiguous;
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public double Temperature { get; init; } = 1;
    public SoftmaxForm Of { get; init; }
    public required double[] Logits { get; init; }
    public required double[] Directions { get; init; }
    public required double[] Upstream { get; init; }

    public double[] Values { get; private set; } = [];
    public double[] LogitsGradient { get; private set; } = [];
    public double[] TangentsGradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    /// <summary>Random logits, tangents and upstream gradients, some with an outlier.</summary>
    public static JvpRun Case(
        int rows, int tangents, int classes, Layout layout, KdElementType type, double temperature, SoftmaxForm of) => new()
        {
            Rows = rows,
            Tangents = tangents,
            Classes = classes,
            Layout = layout,
            Type = type,
            Temperature = temperature,
            Of = of,
            // An expanded tensor shows its only row everywhere.
            Logits = Tests.Logits.Random(rows, classes, 1, type),
            Directions = layout == Layout.Expanded
                ? [.. Enumerable.Repeat(Tests.Logits.Random(1, classes, 2, type), rows * tangents).SelectMany(v => v)]
                : Tests.Logits.Random(rows * tangents, classes, 2, type),
            Upstream = Tests.Logits.Random(rows * tangents, classes, 3, type, outliers: false),
        };

    /// <summary>Forward and Backward, all gradients at once and one at a time; checks memory and that those agree.</summary>
    public JvpRun Execute()
    {
        Layout outputs = Layout == Layout.Expanded ? Layout.Contiguous : Layout;
        using GuardedTensor logits = GuardedTensor.Input(Type, Rows, 1, Classes, RowLayout(Layout), Logits);
        using GuardedTensor tangents = GuardedTensor.Input(Type, Rows, Tangents, Classes, Layout, Directions);
        using GuardedTensor upstream = GuardedTensor.Input(Type, Rows, Tangents, Classes, outputs, Upstream);
        using var values = new GuardedTensor(Type, Rows, Tangents, Classes, outputs);
        using var byLogits = new GuardedTensor(Type, Rows, 1, Classes, RowLayout(outputs));
        using var byTangents = new GuardedTensor(Type, Rows, Tangents, Classes, outputs);
        using var byLogitsAlone = new GuardedTensor(Type, Rows, 1, Classes, Layout.Sliced);
        using var byTangentsAlone = new GuardedTensor(Type, Rows, Tangents, Classes, Layout.Contiguous);
        var settings = new SoftmaxJvpSettings(Temperature, Of);
        SoftmaxJvp.Forward(logits.View, tangents.View, settings, values.View);
        SoftmaxJvp.Backward(logits.View, tangents.View, settings, upstream.View, byLogits.View, byTangents.View);
        SoftmaxJvp.Backward(logits.View, tangents.View, settings, upstream.View, byLogitsAlone.View, null);
        SoftmaxJvp.Backward(logits.View, tangents.View, settings, upstream.View, null, byTangentsAlone.View);

        logits.AssertUntouched("logits");
        tangents.AssertUntouched("tangents");
        upstream.AssertUntouched("upstream");
        values.AssertWritten("values");
        byLogits.AssertWritten("gradient of the logits");
        byTangents.AssertWritten("gradient of the tangents");
        Assert.Equal(byLogits.Bits(), byLogitsAlone.Bits());
        Assert.Equal(byTangents.Bits(), byTangentsAlone.Bits());
        Values = values.ToArray();
        LogitsGradient = byLogits.ToArray();
        TangentsGradient = byTangents.ToArray();
        Bits = [.. values.Bits(), .. byLogits.Bits(), .. byTangents.Bits()];
        return this;
    }

    /// <summary>Executes and compares with the oracle.</summary>
    public JvpRun Check()
    {
        Execute();
        bool ofLogarithm = Of == SoftmaxForm.LogSoftmax;
        SoftmaxJvpOracleResult oracle = SoftmaxJvpOracle.Compute(
            Logits, Directions, Classes, Tangents, Temperature, ofLogarithm, Upstream);
        Compare(oracle.Values, Values, row => Largest(oracle.Values, row), "values");
        Compare(oracle.TangentsGradient, TangentsGradient, row => Largest(oracle.TangentsGradient, row), "by tangents");
        // Products of centred values may cancel in the sum over tangents; the products are the scale.
        Compare(
            oracle.LogitsGradient,
            LogitsGradient,
            row => Largest(oracle.LogitsGradient, row) + Enumerable.Range(row * Tangents, Tangents).Sum(k => ofLogarithm
                ? Largest(Directions, k) * Math.Abs(Upstream.Skip(k * Classes).Take(Classes).Sum()) / (Temperature * Temperature)
                : Largest(oracle.Values, k) * Largest(Upstream, k) / Temperature),
            "by logits");
        return this;
    }

    public override string ToString() => $"[{Rows}, {Tangents}, {Classes}] {Layout} {Type} T={Temperature} {Of} {KdCpu.Width}";

    // One row per index: what lies side by side in an image lies a row apart here.
    private static Layout RowLayout(Layout layout) =>
        layout is Layout.Channels or Layout.ChannelsSliced or Layout.Expanded ? Layout.Sliced : layout;

    private double Largest(double[] values, int row) =>
        Tolerance.Largest(values, Classes, row) + (Type == KdElementType.Float32 ? 1e-30 : 1e-290);

    private void Compare(double[] expected, double[] actual, Func<int, double> scale, string what) =>
        Tolerance.CheckRows(expected, actual, Classes, Tolerance.Gradient(Type), scale, $"{what} of {this}");
}
