using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>One call of VidLikelihood.</summary>
internal sealed record VidCase(KdElementType Type, int Outer, int Inner, int Channels) : ProofCase
{
    public RowForm Form { get; init; } = RowForm.Planes;

    public Pass Pass { get; init; } = Pass.ForwardWithGradient;

    public KdReduction Reduction { get; init; } = KdReduction.Mean;

    public bool WithConstant { get; init; }

    /// <summary>ρ of the first channels; the others' are drawn.</summary>
    public double Rho { get; init; } = 0.5;

    /// <summary>No residual: ρ alone has a gradient.</summary>
    public bool Equal { get; init; }

    /// <summary>Whether the student has a NaN.</summary>
    public bool NotANumber { get; init; }

    public override string Shape => $"[{Outer}, {Channels}, {Inner}]";

    public override CaseRun Open(EmulatedGpu gpu) => new VidCaseRun(gpu, this);
}

/// <inheritdoc cref="VidCase"/>
internal sealed class VidCaseRun : CaseRun
{
    // float32 squares and variances; the CPU's tests allow as much.
    private const double Tolerance = 8e-6;

    private readonly VidCase vidCase;
    private readonly double[] student;
    private readonly double[] teacher;
    private readonly double[] rho;
    private readonly double[]? upstream;
    private readonly DeviceTensor studentMemory;
    private readonly DeviceTensor teacherMemory;
    private readonly DeviceTensor rhoMemory;
    private readonly DeviceTensor? upstreamMemory;
    private readonly DeviceTensor? loss;
    private readonly DeviceTensor? gradient;
    private readonly DeviceTensor? rhoGradient;

    public VidCaseRun(EmulatedGpu gpu, VidCase vidCase)
        : base(gpu)
    {
        VidCase c = this.vidCase = vidCase;
        var random = new Random(7);
        double[] Draw(int count) =>
            [.. Enumerable.Range(0, count).Select(_ => Narrow.Round((4 * random.NextDouble()) - 2, c.Type))];
        student = Draw(c.Outer * c.Inner * c.Channels);
        teacher = c.Equal ? [.. student] : Draw(student.Length);
        if (c.NotANumber) student[student.Length / 2] = double.NaN;
        rho = Draw(c.Channels);
        rho[0] = Narrow.Round(c.Rho, c.Type);
        studentMemory = Features("student", student);
        teacherMemory = Features("teacher", teacher);
        rhoMemory = Input("rho", c.Type, 1, 1, c.Channels, rho);
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

        if (c.Pass == Pass.Forward) return;
        gradient = Output("gradient", c.Type, c.Outer, c.Inner, c.Channels, RowForms.Place(c.Form, c.Outer, c.Inner, c.Channels));
        rhoGradient = Output("rho's gradient", c.Type, 1, 1, c.Channels);
    }

    private VidLikelihoodSettings Settings => new(vidCase.Reduction) { WithConstant = vidCase.WithConstant };

    public override void Execute()
    {
        (RowsView m, RowsView t, RowsView r) = (studentMemory.View, teacherMemory.View, rhoMemory.View);
        if (upstreamMemory is not null)
            VidLikelihood.Backward(m, t, r, Settings, upstreamMemory.View, gradient!.View, rhoGradient!.View, Queue);
        else if (gradient is null)
            VidLikelihood.Forward(m, t, r, Settings, loss!.View, Queue);
        else
            VidLikelihood.ForwardWithGradient(m, t, r, Settings, loss!.View, gradient.View, rhoGradient!.View, Queue);
    }

    protected override void Compare(Verdict verdict)
    {
        VidCase c = vidCase;
        VidLikelihoodOracleResult truth = Truth(student), still = Truth(teacher);
        if (loss is not null)
        {
            double[] expected = c.Reduction == KdReduction.None ? truth.RowLosses : [truth.Loss];
            double[] constants = c.Reduction == KdReduction.None ? still.RowLosses : [still.Loss];
            double[] actual = loss.Read();
            for (int i = 0; i < expected.Length; i++)
            {
                // The logarithms of the variances may cancel the squares.
                double scale = Math.Abs(expected[i] - constants[i]) + Math.Abs(constants[i]) + LogScale(c);
                int row = i;
                verdict.Check(expected[i], actual[i], Tolerance, scale, () => $"loss {row}");
            }
        }

        if (gradient is null) return;
        verdict.CheckRows(truth.StudentGradient, gradient.Read(), c.Channels, Tolerance, "gradient", c.Type);
        double[] slopes = rhoGradient!.Read();
        for (int channel = 0; channel < c.Channels; channel++)
        {
            // What a slope is the difference of: the one without residual, and what residuals take off it.
            double scale = (2 * Math.Abs(still.RhoGradient[channel])) + Math.Abs(truth.RhoGradient[channel]);
            int at = channel;
            verdict.Check(truth.RhoGradient[channel], slopes[channel], Tolerance, scale, () => $"rho's gradient {at}", c.Type);
        }
    }

    /// <summary>Channels' logarithms may cancel each other: as much as one of each is worth.</summary>
    private double LogScale(VidCase c)
    {
        double elements = c.Reduction == KdReduction.Mean ? 1 : c.Channels;
        return elements * (c.Reduction == KdReduction.Sum ? c.Outer * c.Inner : 1);
    }

    private VidLikelihoodOracleResult Truth(double[] mean) => VidLikelihoodOracle.Compute(
        mean,
        teacher,
        rho,
        vidCase.Channels,
        Oracle.Reduction(vidCase.Reduction),
        withConstant: vidCase.WithConstant,
        upstream: upstream);

    private DeviceTensor Features(string name, double[] values)
    {
        VidCase c = vidCase;
        return Input(name, c.Type, c.Outer, c.Inner, c.Channels, values, RowForms.Place(c.Form, c.Outer, c.Inner, c.Channels));
    }
}
