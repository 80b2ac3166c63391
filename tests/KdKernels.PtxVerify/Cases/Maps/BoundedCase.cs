using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>One call of TeacherBounded.</summary>
internal sealed record BoundedCase(KdElementType Type, int Outer, int Inner, int Offsets) : ProofCase
{
    public RowForm Form { get; init; } = RowForm.Contiguous;

    public Pass Pass { get; init; } = Pass.ForwardWithGradient;

    public KdReduction Reduction { get; init; } = KdReduction.BatchMean;

    /// <summary>Whether a third of the boxes is background, with a NaN in one of them.</summary>
    public bool Masked { get; init; }

    /// <summary>Whether all boxes are background.</summary>
    public bool NoForeground { get; init; }

    public bool SmoothL1 { get; init; }

    /// <summary>Small integers: distances that are just at the bound.</summary>
    public bool Ties { get; init; }

    /// <summary>A NaN of the teacher's in one box and of the student's in another, an infinity in a third.</summary>
    public bool NotFinite { get; init; }

    public int Boxes => Outer * Inner;

    public override string Shape => $"[{Boxes}, {Offsets}]";

    public override CaseRun Open(EmulatedGpu gpu) => new BoundedCaseRun(gpu, this);
}

/// <inheritdoc cref="BoundedCase"/>
internal sealed class BoundedCaseRun : CaseRun
{
    // float32 sums of a few squares; the CPU's tests allow as much.
    private const double Tolerance = 8e-6;

    private readonly BoundedCase boundedCase;
    private readonly double[] student;
    private readonly double[] teacher;
    private readonly double[] target;
    private readonly long[]? foreground;
    private readonly double[]? upstream;
    private readonly DeviceTensor studentMemory;
    private readonly DeviceTensor teacherMemory;
    private readonly DeviceTensor targetMemory;
    private readonly DeviceTensor? foregroundMemory;
    private readonly DeviceTensor? upstreamMemory;
    private readonly DeviceTensor? loss;
    private readonly DeviceTensor? gradient;

    public BoundedCaseRun(EmulatedGpu gpu, BoundedCase boundedCase)
        : base(gpu)
    {
        BoundedCase c = this.boundedCase = boundedCase;
        var random = new Random(3);
        int count = c.Boxes * c.Offsets;
        double Draw(double spread) => c.Ties ? random.Next(-1, 2) : spread * ((2 * random.NextDouble()) - 1);
        target = [.. Enumerable.Range(0, count).Select(_ => Draw(1))];
        student = [.. target.Select(y => y + Draw(1))];
        teacher = [.. target.Select(y => y + Draw(1.2))];
        if (c.Masked || c.NoForeground)
        {
            foreground = [.. Enumerable.Range(0, c.Boxes).Select(i => c.NoForeground || i % 3 == 1 ? 0L : i + 1)];
            if (count > c.Offsets) student[c.Offsets] = double.NaN;
        }

        if (c.NotFinite)
        {
            teacher[0] = double.NaN;
            // All of the box: it is NaN as a whole, value and gradient.
            student.AsSpan(c.Offsets, c.Offsets).Fill(double.NaN);
            student[2 * c.Offsets] = double.NegativeInfinity;
        }

        foreach (double[] values in new[] { student, teacher, target })
            for (int i = 0; i < count; i++) values[i] = Narrow.Round(values[i], c.Type);
        studentMemory = Boxes("student", student);
        teacherMemory = Boxes("teacher", teacher);
        targetMemory = Boxes("target", target);
        if (foreground is not null)
        {
            foregroundMemory = Input(
                "foreground", KdElementType.Int64, c.Outer, c.Inner, 1, [.. foreground.Select(f => (double)f)]);
        }

        (int outer, int inner) = c.Reduction == KdReduction.None ? (c.Outer, c.Inner) : (1, 1);
        if (c.Pass == Pass.Backward)
        {
            upstream = [.. Enumerable.Range(0, outer * inner).Select(i => 0.75 + (i % 3 * 0.5))];
            upstreamMemory = Input("upstream", KdElementType.Float32, outer, inner, 1, upstream);
        }
        else
        {
            loss = Output("loss", KdElementType.Float32, outer, inner, 1);
        }

        if (c.Pass != Pass.Forward)
            gradient = Output("gradient", c.Type, c.Outer, c.Inner, c.Offsets, RowForms.Place(c.Form, c.Outer, c.Inner, c.Offsets));
    }

    private TeacherBoundedSettings Settings => new(boundedCase.Ties ? 1 : 0.125, boundedCase.Reduction)
    {
        BoundWeight = boundedCase.SmoothL1 ? 0.5 : 1,
        SmoothL1 = boundedCase.SmoothL1,
        Beta = boundedCase.SmoothL1 ? 0.75 : 1,
        Foreground = foregroundMemory?.View,
    };

    public override void Execute()
    {
        (RowsView s, RowsView t, RowsView y) = (studentMemory.View, teacherMemory.View, targetMemory.View);
        if (upstreamMemory is not null)
            TeacherBounded.Backward(s, t, y, Settings, upstreamMemory.View, gradient!.View, Queue);
        else if (gradient is null)
            TeacherBounded.Forward(s, t, y, Settings, loss!.View, Queue);
        else
            TeacherBounded.ForwardWithGradient(s, t, y, Settings, loss!.View, gradient.View, Queue);
    }

    protected override void Compare(Verdict verdict)
    {
        BoundedCase c = boundedCase;
        TeacherBoundedSettings settings = Settings;
        TeacherBoundedOracleResult truth = TeacherBoundedOracle.Compute(
            student,
            teacher,
            target,
            c.Offsets,
            settings.Margin,
            Oracle.Reduction(c.Reduction),
            settings.BoundWeight,
            settings.SmoothL1,
            settings.Beta,
            foreground,
            upstream);
        if (loss is not null)
        {
            double[] expected = c.Reduction == KdReduction.None ? truth.BoxLosses : [truth.Loss];
            verdict.CheckRows(expected, loss.Read(), 1, Tolerance, "loss", KdElementType.Float32);
        }

        if (gradient is not null)
            verdict.CheckRows(truth.StudentGradient, gradient.Read(), c.Offsets, Tolerance, "gradient", c.Type);
    }

    private DeviceTensor Boxes(string name, double[] values)
    {
        BoundedCase c = boundedCase;
        return Input(name, c.Type, c.Outer, c.Inner, c.Offsets, values, RowForms.Place(c.Form, c.Outer, c.Inner, c.Offsets));
    }
}
