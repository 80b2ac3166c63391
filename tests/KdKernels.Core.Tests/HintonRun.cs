using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of HintonLoss on guarded memory, compared with the oracle.</summary>
public sealed class HintonRun
{
    public required int Outer { get; init; }
    public int Inner { get; init; } = 1;
    public required int Classes { get; init; }
    public Layout Layout { get; init; } = Layout.Contiguous;
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public required double[] Student { get; init; }
    public required double[] Teacher { get; init; }
    public required long[] Labels { get; init; }
    public double Alpha { get; init; } = 0.9;
    public double Temperature { get; init; } = 4;
    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;
    public double[]? Weights { get; init; }
    public double[]? Upstream { get; init; }

    public double[] Loss { get; private set; } = [];
    public double[] Metrics { get; private set; } = [];
    public double[] Totals { get; private set; } = [];
    public double[] Gradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    public HintonRun Execute()
    {
        int rows = Outer * Inner;
        using GuardedTensor student = GuardedTensor.Input(Type, Outer, Inner, Classes, Layout, Student);
        using GuardedTensor teacher = GuardedTensor.Input(Type, Outer, Inner, Classes, Layout, Teacher);
        using GuardedTensor labels = GuardedTensor.Input(
            KdElementType.Int64, Outer, Inner, 1, Layout.Sliced, [.. Labels.Select(l => (double)l)]);
        using GuardedTensor? weights = Weights is null
            ? null : GuardedTensor.Input(Type, 1, 1, Classes, Layout.Contiguous, Weights);
        var settings = new HintonLossSettings(Alpha, Temperature, Reduction) { ClassWeights = weights?.View };

        bool none = Reduction == KdReduction.None;
        GuardedTensor LossOutput() => new(
            Type, none ? Outer : 1, none ? Inner : 1, 1, none ? Layout.Sliced : Layout.Contiguous);
        using GuardedTensor loss = LossOutput(), plainLoss = LossOutput(), gradientLoss = LossOutput();
        using var metrics = new GuardedTensor(Type, Outer, Inner, HintonLoss.MetricCount, Layout.Sliced);
        using var totals = new GuardedTensor(KdElementType.Float64, 1, 1, HintonTotals.Count, Layout.Contiguous);
        using var gradient = new GuardedTensor(Type, Outer, Inner, Classes, Layout);
        using var again = new GuardedTensor(Type, Outer, Inner, Classes, Layout);
        HintonLoss.Forward(student.View, teacher.View, labels.View, settings, plainLoss.View);
        HintonLoss.Forward(student.View, teacher.View, labels.View, settings, loss.View, metrics.View, totals.View);
        HintonLoss.ForwardWithGradient(
            student.View, teacher.View, labels.View, settings, gradientLoss.View, gradient.View);
        double[] ones = [.. Enumerable.Repeat(1.0, none ? rows : 1)];
        using GuardedTensor upstream = GuardedTensor.Input(
            Type, none ? Outer : 1, none ? Inner : 1, 1, Layout.Contiguous, Upstream ?? ones);
        HintonLoss.Backward(student.View, teacher.View, labels.View, settings, upstream.View, again.View);

        student.AssertUntouched("student");
        teacher.AssertUntouched("teacher");
        labels.AssertUntouched("labels");
        weights?.AssertUntouched("weights");
        loss.AssertWritten("loss");
        metrics.AssertWritten("metrics");
        totals.AssertWritten("totals");
        gradient.AssertWritten("gradient");
        again.AssertWritten("gradient of backward");
        Assert.Equal(plainLoss.Bits(), loss.Bits());
        Assert.Equal(gradientLoss.Bits(), loss.Bits());
        if (Upstream is null) Assert.Equal(gradient.Bits(), again.Bits());
        Loss = loss.ToArray();
        Metrics = metrics.ToArray();
        Totals = totals.ToArray();
        Gradient = again.ToArray();
        Bits = [.. loss.Bits(), .. metrics.Bits(), .. totals.Bits(), .. again.Bits()];
        return this;
    }

    public HintonRun Check()
    {
        Execute();
        HintonLossOracleResult oracle = HintonLossOracle.Compute(
            Student,
            Teacher,
            Labels,
            Classes,
            Alpha,
            Temperature,
            Enum.Parse<OracleReduction>(Reduction.ToString()),
            classWeights: Weights,
            upstream: Upstream);
        int rows = Outer * Inner;
        double relative = Tolerance.Loss(Type), entropy = Tolerance.Entropy(Type), log = Math.Log(Classes) + 1;
        double valid = Labels.Count(l => l != -100);
        for (int row = 0; row < rows; row++)
        {
            double At(HintonMetric metric) => Metrics[(row * HintonLoss.MetricCount) + (int)metric];
            // A divergence below the square of a double's rounding is as good as 0.
            double scale = Math.Max(Math.Abs(oracle.Divergences[row]), 1e-20);
            // A weighted divergence has terms of both signs.
            if (Weights is not null) scale += Temperature * 60;
            double ce = oracle.CrossEntropies[row];
            Tolerance.Check(
                ce, At(HintonMetric.CrossEntropy), entropy, log + Math.Abs(ce), $"cross-entropy of row {row}, {this}");
            Tolerance.Check(oracle.Divergences[row], At(HintonMetric.Kl), relative, scale, $"KL of row {row}, {this}");
            Tolerance.Check(
                oracle.StudentEntropies[row], At(HintonMetric.StudentEntropy), entropy, log, $"student entropy, {this}");
            Tolerance.Check(
                oracle.TeacherEntropies[row], At(HintonMetric.TeacherEntropy), entropy, log, $"teacher entropy, {this}");
            Assert.Equal(oracle.Hits[row] ? 1 : 0, At(HintonMetric.Hit));
            Assert.Equal(oracle.Agreements[row] ? 1 : 0, At(HintonMetric.Agreement));
            if (Reduction == KdReduction.None)
                Tolerance.Check(oracle.RowLosses[row], Loss[row], relative, scale + log + Math.Abs(ce), $"row {row}, {this}");
        }

        double divisor = Reduction == KdReduction.Mean ? valid * Classes : Reduction == KdReduction.BatchMean ? valid : 1;
        double perRow = log + (Weights is null ? 0 : Temperature * 60);
        double sumScale = (oracle.RowLosses.Select(Math.Abs).Sum() + (rows * perRow)) / divisor;
        if (Reduction != KdReduction.None) Tolerance.Check(oracle.Loss, Loss[0], relative, sumScale, $"loss of {this}");
        double[] expected =
        [
            oracle.RowLosses.Sum() / divisor, oracle.CrossEntropies.Sum() / divisor, oracle.Divergences.Sum() / divisor,
            oracle.StudentEntropies.Sum() / valid, oracle.TeacherEntropies.Sum() / valid,
            oracle.Hits.Count(hit => hit), oracle.Agreements.Count(hit => hit), valid,
        ];
        for (int i = 0; i < 5; i++)
        {
            double scale = i < 3 ? sumScale + Math.Abs(expected[i]) : log;
            Tolerance.Check(expected[i], Totals[i], relative, scale, $"total {i} of {this}");
        }

        Assert.Equal(expected[5..], Totals[5..]);
        Tolerance.CheckRows(
            oracle.StudentGradient,
            Gradient,
            Classes,
            Tolerance.Gradient(Type),
            row => (Upstream is null ? 1 : Math.Abs(Upstream[Reduction == KdReduction.None ? row : 0])) / divisor
                + Tolerance.Largest(oracle.StudentGradient, Classes, row),
            $"gradient of {this}");
        return this;
    }

    public override string ToString() =>
        $"[{Outer}, {Inner}, {Classes}] {Layout} {Type} alpha={Alpha} T={Temperature} {Reduction} {KdCpu.Width}";
}
