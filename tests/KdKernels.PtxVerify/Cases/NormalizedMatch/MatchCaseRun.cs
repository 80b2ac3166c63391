using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of NormalizedMatch.</summary>
internal sealed class MatchCaseRun : CaseRun
{
    // As on the CPU: sums in single precision, of up to a few thousand elements before they go to double.
    private const double Loss = 1e-5;
    private const double Gradient = 1e-5;
    private const double Epsilon = 1e-12;

    private readonly MatchCase proof;
    private readonly double[] student;
    private readonly double[] teacher;
    private readonly double[]? upstream;
    private readonly DeviceTensor studentTensor;
    private readonly DeviceTensor teacherTensor;
    private readonly DeviceTensor? upstreamTensor;
    private readonly DeviceTensor? loss;
    private readonly DeviceTensor? gradient;

    public MatchCaseRun(EmulatedGpu gpu, MatchCase proof)
        : base(gpu)
    {
        this.proof = proof;
        student = RandomValues.Normal(proof.Rows * proof.Length, 11, proof.Type);
        teacher = RandomValues.Normal(proof.Rows * proof.Length, 13, proof.Type);
        Spoil();
        studentTensor = Input("student", proof.Type, proof.Rows, 1, proof.Length, student, proof.Place(isStudent: true));
        teacherTensor = Input("teacher", proof.Type, proof.Rows, 1, proof.Length, teacher, proof.Place(isStudent: false));
        int values = proof.Reduction == KdReduction.None ? proof.Rows : 1;
        if (proof.Pass == Pass.Backward)
        {
            upstream = RandomValues.Normal(values, 17, KdElementType.Float32);
            upstreamTensor = Input("upstream", KdElementType.Float32, values, 1, 1, upstream);
        }
        else
        {
            loss = Output("loss", KdElementType.Float32, values, 1, 1);
        }

        if (proof.Pass != Pass.Forward)
            gradient = Output("gradient", proof.Type, proof.Rows, 1, proof.Length, proof.Place(isStudent: false));
    }

    public override void Execute()
    {
        var settings = new NormalizedMatchSettings(proof.Reduction, Epsilon);
        (RowsView s, RowsView t) = (studentTensor.View, teacherTensor.View);
        if (upstreamTensor is not null)
            NormalizedMatch.Backward(s, t, settings, upstreamTensor.View, gradient!.View, Queue);
        else if (gradient is null)
            NormalizedMatch.Forward(s, t, settings, loss!.View, Queue);
        else
            NormalizedMatch.ForwardWithGradient(s, t, settings, loss!.View, gradient.View, Queue);
    }

    protected override void Compare(Verdict verdict)
    {
        if (proof.Length == 0 || proof.Rows == 0)
        {
            double nothing = proof.Reduction is KdReduction.BatchMean or KdReduction.Mean && proof.Rows == 0 ? double.NaN : 0;
            foreach (double value in loss?.Read() ?? []) verdict.Check(nothing, value, 0, 0, () => "loss of nothing");
            return;
        }

        NormalizedMatchOracleResult truth = NormalizedMatchOracle.Compute(
            student, teacher, proof.Length, Epsilon, Enum.Parse<OracleReduction>(proof.Reduction.ToString()), upstream);
        if (loss is not null)
        {
            double[] expected = proof.Reduction == KdReduction.None ? truth.RowLosses : [truth.Loss];
            double[] actual = loss.Read();
            for (int i = 0; i < expected.Length; i++)
            {
                int row = i;
                // Parallel rows leave of 0 what the rounding of ρt does.
                verdict.Check(expected[i], actual[i], Loss, Math.Abs(expected[i]) + 1e-9, () => $"loss {row}");
            }
        }

        if (gradient is not null) CompareGradients(verdict, truth.StudentGradient, gradient.Read());
    }

    // Rows of one element, parallel ones and zero teachers have no gradient; the rounding of what it is the difference of remains.
    private void CompareGradients(Verdict verdict, double[] expected, double[] actual)
    {
        int length = proof.Length;
        bool vanishes = length == 1 || proof.Pattern is MatchPattern.Parallel or MatchPattern.Zero;
        for (int row = 0; row < proof.Rows; row++)
        {
            double norm = Math.Sqrt(student.AsSpan(row * length, length).ToArray().Sum(s => s * s));
            double terms = vanishes && norm > Epsilon ? 2 * Math.Abs(upstream?[upstream.Length == 1 ? 0 : row] ?? 1) / norm : 0;
            double scale = Verdict.LargestFinite(expected.AsSpan(row * length, length)) + (terms / 10);
            for (int i = row * length; i < (row + 1) * length; i++)
            {
                (int r, int element) = (row, i % length);
                verdict.Check(expected[i], actual[i], Gradient, scale, () => $"gradient, row {r}, element {element}", proof.Type);
            }
        }
    }

    private void Spoil()
    {
        int length = proof.Length;
        for (int i = 0; i < student.Length; i++)
        {
            int row = i / length, element = i % length;
            (double s, double t) = (student[i], teacher[i]);
            (s, t) = proof.Pattern switch
            {
                MatchPattern.Near => (3 * (t + (1e-4 * s)), t),
                MatchPattern.Parallel => (2 * t, t),
                MatchPattern.Extreme => row % 2 == 0 ? (1e-25 * s, 1e25 * t) : (1e-41 * s, 3e37 * t),
                MatchPattern.Zero => (row % 4) switch
                {
                    0 => (0, 0),
                    1 => (0, t),
                    2 => (s, 0),
                    _ => (1e-16 * s, 1e-20 * t),
                },
                MatchPattern.NotFinite when element == length / 2 => (row % 3) switch
                {
                    0 => (double.NaN, t),
                    1 => (s, double.PositiveInfinity),
                    _ => (s, t),
                },
                MatchPattern.ZeroBegin when element < length - 5 => (0, row % 2 == 0 ? t : 0),
                _ => (s, t),
            };
            student[i] = Narrow.Round(s, proof.Type);
            teacher[i] = Narrow.Round(t, proof.Type);
        }
    }
}
