using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>Losses over student and teacher logits beside TemperedKl, under a public name for theory data.</summary>
public enum PairOp
{
    ReverseKl,
    Jsd,
    TotalVariation,
    DecoupledKd,
}

/// <summary>One call of such a loss on guarded memory, with everything that it wrote.</summary>
public sealed class PairRun
{
    // The product of two probabilities below this is not a normal number in single precision.
    private const double Underflow = 1e-30;

    public required PairOp Op { get; init; }
    public required int Outer { get; init; }
    public int Inner { get; init; } = 1;
    public required int Classes { get; init; }
    public Layout Layout { get; init; } = Layout.Contiguous;
    public Layout? TeacherLayout { get; init; }
    public Layout? GradientLayout { get; init; }
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public required double[] Student { get; init; }
    public required double[] Teacher { get; init; }
    public double Temperature { get; init; } = 4;
    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>beta of Jsd.</summary>
    public double Beta { get; init; } = 0.5;
    public bool KlAtEnds { get; init; }

    /// <summary>The two weights of DecoupledKd.</summary>
    public double TargetWeight { get; init; } = 1;
    public double OtherWeight { get; init; } = 8;
    public double[]? Weights { get; init; }
    public long[]? Labels { get; init; }
    public double[]? Upstream { get; init; }

    public int Rows => Outer * Inner;

    public double[] Loss { get; private set; } = [];
    public double[] StudentGradient { get; private set; } = [];
    public double[] TeacherGradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    /// <summary>
    /// Random rows, some with an outlier, in a given shape; option bits: 2 mask, 4 upstream, 8 without T².
    /// </summary>
    public static PairRun Case(
        PairOp op,
        int outer,
        int inner,
        int classes,
        Layout layout,
        KdElementType type,
        double temperature,
        KdReduction reduction,
        int options = 0,
        double beta = 0.3)
    {
        int rows = outer * inner;
        // An expanded tensor shows its only row everywhere.
        double[] Data(int seed) => layout == Layout.Expanded
            ? [.. Enumerable.Repeat(Logits.Random(1, classes, seed, type), rows).SelectMany(v => v)]
            : Logits.Random(rows, classes, seed, type);
        bool masked = (options & 2) != 0;
        return new PairRun
        {
            Op = op,
            Outer = outer,
            Inner = inner,
            Classes = classes,
            Layout = layout,
            Type = type,
            Temperature = temperature,
            Reduction = reduction,
            Beta = beta,
            Student = Data(1),
            Teacher = Data(2),
            Labels = masked || op == PairOp.DecoupledKd ? Logits.Labels(rows, classes, 4, masked) : null,
            Upstream = (options & 4) == 0
                ? null
                : Logits.Random(reduction == KdReduction.None ? rows : 1, 1, 5, type, outliers: false),
            TemperatureSquared = (options & 8) == 0,
        };
    }

    /// <summary>
    /// Forward, ForwardWithGradient and Backward; checks memory and that the three agree bit for bit.
    /// </summary>
    public PairRun Execute()
    {
        using GuardedTensor student = Input(Student, Layout), teacher = Input(Teacher, TeacherLayout ?? Layout);
        using GuardedTensor? weights = Weights is null
            ? null
            : GuardedTensor.Input(Type, 1, 1, Classes, Layout.Contiguous, Weights);
        using GuardedTensor? labels = Labels is null
            ? null
            : GuardedTensor.Input(
                KdElementType.Int64, Outer, Inner, 1, Layout.Sliced, [.. Labels.Select(l => (double)l)]);
        using GuardedTensor loss = LossOutput(), lossOfForward = LossOutput();
        using GuardedTensor ds = Output(), dt = Output(), dsAgain = Output(), dtAgain = Output(), dsOnly = Output();
        using GuardedTensor upstream = LossInput(Upstream ?? [.. Enumerable.Repeat(1.0, LossCount)]);
        var call = new PairCall(this, student.View, teacher.View, weights?.View, labels?.View);
        call.Forward(lossOfForward.View);
        if (Upstream is null)
            call.ForwardWithGradient(loss.View, ds.View, dt.View);
        else
            call.Forward(loss.View);
        call.Backward(upstream.View, dsAgain.View, dtAgain.View);
        call.Backward(upstream.View, dsOnly.View, null);

        student.AssertUntouched("student");
        teacher.AssertUntouched("teacher");
        upstream.AssertUntouched("upstream");
        weights?.AssertUntouched("weights");
        labels?.AssertUntouched("labels");
        loss.AssertWritten("loss");
        dsAgain.AssertWritten("student gradient");
        dtAgain.AssertWritten("teacher gradient");
        // A gradient that is laid out otherwise may take the rows one by one where the loss alone takes them side by
        // side.
        if (GradientLayout is null) Assert.Equal(lossOfForward.Bits(), loss.Bits());
        Assert.Equal(dsAgain.Bits(), dsOnly.Bits());
        Assert.All(
            lossOfForward.ToArray().Zip(loss.ToArray()),
            pair => Tolerance.Check(pair.Second, pair.First, 1e-6, Math.Abs(pair.Second), "loss of forward"));
        if (Upstream is null)
        {
            ds.AssertWritten("student gradient of forward");
            dt.AssertWritten("teacher gradient of forward");
            Assert.Equal(ds.Bits(), dsAgain.Bits());
            Assert.Equal(dt.Bits(), dtAgain.Bits());
        }

        Loss = loss.ToArray();
        StudentGradient = dsAgain.ToArray();
        TeacherGradient = dtAgain.ToArray();
        Bits = [.. loss.Bits(), .. dsAgain.Bits(), .. dtAgain.Bits()];
        return this;
    }

    public TemperedKlOracleResult Oracle()
    {
        var reduction = Enum.Parse<OracleReduction>(Reduction.ToString());
        return Op switch
        {
            PairOp.ReverseKl => ReverseKlOracle.Compute(
                Student,
                Teacher,
                Classes,
                Temperature,
                reduction,
                TemperatureSquared,
                Weights,
                Labels,
                upstream: Upstream),
            PairOp.Jsd => JsdOracle.Compute(
                Student,
                Teacher,
                Classes,
                Temperature,
                Beta,
                reduction,
                TemperatureSquared,
                KlAtEnds,
                Labels,
                upstream: Upstream),
            PairOp.TotalVariation => TotalVariationOracle.Compute(
                Student, Teacher, Classes, Temperature, reduction, Labels, upstream: Upstream),
            _ => DecoupledKdOracle.Compute(
                Student,
                Teacher,
                Labels!,
                Classes,
                TargetWeight,
                OtherWeight,
                Temperature,
                reduction,
                TemperatureSquared,
                upstream: Upstream),
        };
    }

    /// <summary>Executes and compares with the oracle.</summary>
    public PairRun Check(double? lossTolerance = null, double? gradientTolerance = null)
    {
        Execute();
        TemperedKlOracleResult oracle = Oracle();
        double[] expected = Reduction == KdReduction.None ? oracle.RowLosses : [oracle.Loss];
        for (int i = 0; i < expected.Length; i++)
        {
            Tolerance.Check(
                expected[i],
                Loss[i],
                lossTolerance ?? Tolerance.Loss(Type),
                Math.Abs(expected[i]),
                () => $"loss {i} of {this}");
        }

        double relative = gradientTolerance ?? Tolerance.Gradient(Type);
        CheckGradient(oracle.StudentGradient, StudentGradient, relative, "student");
        CheckGradient(oracle.TeacherGradient, TeacherGradient, relative, "teacher");
        return this;
    }

    public override string ToString() =>
        $"{Op} [{Outer}, {Inner}, {Classes}] {Layout} {Type} T={Temperature} {Reduction} beta={Beta} "
        + $"{(Labels is null ? "" : "masked ")}{KdCpu.Width}";

    private int LossCount => Reduction == KdReduction.None ? Rows : 1;

    private void CheckGradient(double[] expected, double[] actual, double relative, string side) => Tolerance.CheckRows(
        expected,
        actual,
        Classes,
        relative,
        row => Math.Max(Tolerance.Largest(expected, Classes, row), Scale(row)),
        $"{side} gradient of {this}");

    /// <summary>
    /// Where p⊙(v − Σpv) of a dominating class is the difference of two nearly equal numbers even in exact data, the
    /// scale is that of the terms: T·Σp|v|. Those of a student near its teacher are as small as its gradient.
    /// </summary>
    private double Scale(int row)
    {
        double upstream = Upstream is null ? 1 : Math.Abs(Upstream[Reduction == KdReduction.None ? row : 0]);
        double valid = Labels is null ? Rows : Labels.Count(l => l != -100);
        double divisor = Reduction switch
        {
            KdReduction.Mean => valid * Classes,
            KdReduction.BatchMean => valid,
            _ => 1,
        };
        double factor = upstream / divisor * (TemperatureSquared ? Temperature : 1 / Temperature);
        if (Op == PairOp.TotalVariation) return Underflow * upstream / divisor / Temperature;
        if (Temperature > 1e4) return 0;
        double[] logP = LogSoftmax(Teacher, row), logQ = LogSoftmax(Student, row);
        double terms = 0;
        for (int c = 0; c < Classes; c++)
        {
            double v = logP[c] - logQ[c], p = Math.Exp(logP[c]), q = Math.Exp(logQ[c]);
            double term = Op switch
            {
                PairOp.Jsd when !KlAtEnds =>
                    (Beta * p * Math.Abs(Math.Log(Beta + ((1 - Beta) * Math.Exp(-v)))))
                    + ((1 - Beta) * q * Math.Abs(Math.Log(1 - Beta + (Beta * Math.Exp(v))))),
                PairOp.DecoupledKd => Math.Max(TargetWeight, OtherWeight) * p * Math.Abs(v),
                _ => Math.Max(p, q) * Math.Abs(v),
            };
            if (double.IsFinite(term)) terms += term;
        }

        return 2 * terms * factor;
    }

    private double[] LogSoftmax(double[] logits, int row)
    {
        double[] z = logits[(row * Classes)..((row + 1) * Classes)];
        double top = z.Max();
        double norm = (top / Temperature) + Math.Log(z.Sum(x => Math.Exp((x - top) / Temperature)));
        return [.. z.Select(x => (x / Temperature) - norm)];
    }

    private GuardedTensor Input(double[] values, Layout layout) =>
        GuardedTensor.Input(Type, Outer, Inner, Classes, layout, values);

    private GuardedTensor Output() => new(
        Type, Outer, Inner, Classes, GradientLayout ?? (Layout == Layout.Expanded ? Layout.Contiguous : Layout));

    private GuardedTensor LossOutput() => Reduction == KdReduction.None
        ? new GuardedTensor(Type, Outer, Inner, 1, Layout.Sliced)
        : new GuardedTensor(Type, 1, 1, 1, Layout.Contiguous);

    private GuardedTensor LossInput(double[] values) => Reduction == KdReduction.None
        ? GuardedTensor.Input(Type, Outer, Inner, 1, Layout.Sliced, values)
        : GuardedTensor.Input(Type, 1, 1, 1, Layout.Contiguous, values);
}
