using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of SoftmaxJvp.</summary>
internal sealed class JvpCaseRun : CaseRun
{
    // The CPU's bound for gradients, 8e-6 of the largest of a row: approximate exponentials and sums in single precision.
    private const double Tolerance = 8e-6;

    private readonly JvpCase proof;
    private readonly double[] logits;
    private readonly double[] tangents;
    private readonly double[] upstream;
    private readonly DeviceTensor logitsTensor;
    private readonly DeviceTensor tangentsTensor;
    private readonly DeviceTensor? upstreamTensor;
    private readonly DeviceTensor? result;
    private readonly DeviceTensor? byLogits;
    private readonly DeviceTensor? byTangents;

    public JvpCaseRun(EmulatedGpu gpu, JvpCase proof)
        : base(gpu)
    {
        this.proof = proof;
        int count = proof.Rows * proof.Tangents * proof.Classes;
        logits = RandomValues.Normal(proof.Rows * proof.Classes, 3, proof.Type, deviation: 3);
        tangents = RandomValues.Normal(count, 5, proof.Type);
        upstream = RandomValues.Normal(count, 7, proof.Type);
        Spoil();
        logitsTensor = Operand("logits", 1, logits);
        // Nothing but the derivative of log-softmax reads tangents for their own gradient, and that one does not either.
        tangentsTensor = Operand("tangents", proof.Tangents, tangents);
        if (proof.Pass == JvpPass.Forward)
            result = Written("result", proof.Tangents);
        else
            upstreamTensor = Operand("upstream", proof.Tangents, upstream);
        if (proof.Pass is JvpPass.Backward or JvpPass.LogitsOnly) byLogits = Written("gradient of the logits", 1);
        if (proof.Pass is JvpPass.Backward or JvpPass.TangentsOnly)
            byTangents = Written("gradient of the tangents", proof.Tangents);
    }

    public override void Execute()
    {
        var settings = new SoftmaxJvpSettings(proof.Temperature, proof.Of);
        if (result is not null)
        {
            SoftmaxJvp.Forward(logitsTensor.View, tangentsTensor.View, settings, result.View, Queue);
            return;
        }

        SoftmaxJvp.Backward(
            logitsTensor.View, tangentsTensor.View, settings, upstreamTensor!.View, byLogits?.View, byTangents?.View, Queue);
    }

    protected override void Compare(Verdict verdict)
    {
        bool ofLogarithm = proof.Of == SoftmaxForm.LogSoftmax;
        SoftmaxJvpOracleResult truth = SoftmaxJvpOracle.Compute(
            logits, tangents, proof.Classes, proof.Tangents, proof.Temperature, ofLogarithm, upstream);
        if (result is not null) verdict.CheckRows(truth.Values, result.Read(), proof.Classes, Tolerance, "result", proof.Type);
        if (byTangents is not null)
        {
            verdict.CheckRows(
                truth.TangentsGradient, byTangents.Read(), proof.Classes, Tolerance, "gradient of the tangents", proof.Type);
        }

        if (byLogits is not null) CompareByLogits(verdict, truth, byLogits.Read(), ofLogarithm);
    }

    // Products of centred values may cancel in the sum over the tangents; the products are the scale.
    private void CompareByLogits(Verdict verdict, SoftmaxJvpOracleResult truth, double[] actual, bool ofLogarithm)
    {
        int classes = proof.Classes;
        double t = proof.Temperature;
        for (int row = 0; row < proof.Rows; row++)
        {
            double scale = Verdict.LargestFinite(truth.LogitsGradient.AsSpan(row * classes, classes));
            for (int k = row * proof.Tangents; k < (row + 1) * proof.Tangents; k++)
            {
                var direction = tangents.AsSpan(k * classes, classes);
                var g = upstream.AsSpan(k * classes, classes);
                scale += ofLogarithm
                    ? Verdict.LargestFinite(direction) * Math.Abs(Sum(g)) / (t * t)
                    : Verdict.LargestFinite(truth.Values.AsSpan(k * classes, classes)) * Verdict.LargestFinite(g) / t;
            }

            for (int c = 0; c < classes; c++)
            {
                (int r, int k) = (row, c);
                verdict.Check(
                    truth.LogitsGradient[(row * classes) + c], actual[(row * classes) + c], Tolerance, scale,
                    () => $"gradient of the logits, row {r}, class {k}", proof.Type);
            }
        }

        static double Sum(ReadOnlySpan<double> values)
        {
            double sum = 0;
            foreach (double value in values) sum += value;
            return sum;
        }
    }

    private void Spoil()
    {
        int classes = proof.Classes, each = proof.Tangents * classes;
        if (proof.Layout == JvpLayout.Expanded)
        {
            for (int i = each; i < tangents.Length; i++) tangents[i] = tangents[i % each];
            for (int i = each; i < upstream.Length; i++) upstream[i] = upstream[i % each];
        }

        switch (proof.Pattern)
        {
            case JvpPattern.Ties:
                for (int i = 0; i < logits.Length; i++) logits[i] = Math.Clamp(Math.Round(logits[i]), -1, 1);
                break;
            case JvpPattern.Shifted:
                for (int i = 0; i < tangents.Length; i++) tangents[i] = Math.Round(8 * tangents[i]) + (1 << 20);
                break;
            case JvpPattern.OneHot:
                for (int row = 0; row < proof.Rows; row++) logits[(row * classes) + (row * 7 % classes)] = 40;
                break;
            case JvpPattern.Outliers:
                for (int i = 0; i < logits.Length; i += 5) logits[i] = Narrow.Round(i % 2 == 0 ? 1e4 : -1e4, proof.Type);
                break;
            case JvpPattern.Excluded:
                for (int i = 0; i < logits.Length; i++)
                    if (i / classes == 1 || (i % classes % 3 == 1 && classes > 1)) logits[i] = double.NegativeInfinity;
                break;
            case JvpPattern.NotFinite:
                logits[classes / 2] = double.NaN;
                if (proof.Rows > 1) tangents[each + (classes / 3)] = double.PositiveInfinity;
                if (proof.Rows > 2) logits[(2 * classes) + (classes / 2)] = double.PositiveInfinity;
                if (proof.Rows > 3 && proof.Tangents > 1) upstream[(3 * each) + classes] = double.NaN;
                break;
        }
    }

    private DeviceTensor Operand(string name, int count, double[] values) => Input(
        name, proof.Type, proof.Rows, count, proof.Classes, values, proof.Place(count, isInput: true));

    private DeviceTensor Written(string name, int count) =>
        Output(name, proof.Type, proof.Rows, count, proof.Classes, proof.Place(count, isInput: false));
}
