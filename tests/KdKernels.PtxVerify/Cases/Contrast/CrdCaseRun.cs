using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of CrdContrast against the oracle.</summary>
internal sealed class CrdCaseRun : CaseRun
{
    private readonly CrdCase c;
    private readonly CrdCaseData data;
    private readonly DeviceTensor anchors;
    private readonly DeviceTensor bank;
    private readonly DeviceTensor positives;
    private readonly DeviceTensor? negatives;
    private readonly DeviceTensor? classes;
    private readonly DeviceTensor? step;
    private readonly DeviceTensor? upstream;
    private readonly DeviceTensor? loss;
    private readonly DeviceTensor? gradient;
    private readonly DeviceTensor? normalizer;

    public CrdCaseRun(EmulatedGpu gpu, CrdCase c)
        : base(gpu)
    {
        this.c = c;
        data = CrdCaseData.Of(c);
        anchors = Input("anchors", c.Type, c.Batch, 1, c.Dimension, data.Anchors, OfAnchors());
        bank = Input("bank", c.Type, c.Rows, 1, c.Dimension, data.Bank, OfBank());
        positives = Input("positives", KdElementType.Int64, c.Batch, 1, 1, Numbers(data.Positives));
        if (data.Drawn is null)
            negatives = Input("negatives", KdElementType.Int64, c.Batch, 1, c.Count, Numbers(data.Negatives), OfNegatives());
        else if (data.Drawn.RejectsClass)
            classes = Input("classes", KdElementType.Int64, 1, 1, 2 * c.Rows, Numbers(CrdCaseData.Table(data.Drawn)));
        if (c.OnDevice) step = Input("step", KdElementType.Int64, 1, 1, 1, [CrdCaseData.Step + (5.0 * (1L << 32))]);
        int results = c.Reduction == KdReduction.None ? c.Batch : 1;
        if (c.Pass == CrdPass.Backward) upstream = Input("upstream", KdElementType.Float32, results, 1, 1, data.Upstream);
        if (c.Pass is CrdPass.Forward or CrdPass.ForwardWithGradient) loss = Output("loss", KdElementType.Float32, results, 1, 1);
        if (c.Pass is CrdPass.ForwardWithGradient or CrdPass.Backward)
            gradient = Output("gradient", c.Type, c.Batch, 1, c.Dimension, OfAnchors());
        normalizer = c.Pass switch
        {
            CrdPass.Estimate => Output("normalizer", KdElementType.Float64, 1, 1, 1),
            CrdPass.EstimateOnce => Changed("normalizer", KdElementType.Float64, 1, 1, 1, [0]),
            CrdPass.EstimateAgain => Changed("normalizer", KdElementType.Float64, 1, 1, 1, [data.Normalizer]),
            _ => c.OnDevice ? Input("normalizer", KdElementType.Float64, 1, 1, 1, [data.Normalizer]) : null,
        };
    }

    public override void Execute()
    {
        CrdChoice choice = data.Drawn is null
            ? CrdChoice.Of(negatives!.View)
            : CrdChoice.Of(data.Drawn, c.OnDevice ? 0 : CrdCaseData.Step, c.Count, classes?.View, step?.View);
        var settings = new CrdContrastSettings(c.Temperature, c.OnDevice ? double.NaN : data.Normalizer, c.Reduction)
        {
            Epsilon = c.Epsilon,
            NormalizerAt = c.OnDevice ? normalizer!.View : null,
        };
        switch (c.Pass)
        {
            case CrdPass.Forward:
                CrdContrast.Forward(anchors.View, bank.View, positives.View, choice, settings, loss!.View, Queue);
                break;
            case CrdPass.ForwardWithGradient:
                CrdContrast.ForwardWithGradient(
                    anchors.View, bank.View, positives.View, choice, settings, loss!.View, gradient!.View, Queue);
                break;
            case CrdPass.Backward:
                CrdContrast.Backward(
                    anchors.View, bank.View, positives.View, choice, settings, upstream!.View, gradient!.View, Queue);
                break;
            default:
                CrdContrast.EstimateNormalizer(
                    anchors.View,
                    bank.View,
                    positives.View,
                    choice,
                    c.Temperature,
                    normalizer!.View,
                    onlyIfZero: c.Pass != CrdPass.Estimate,
                    Queue);
                break;
        }
    }

    protected override void Compare(Verdict verdict)
    {
        if (c.Pass >= CrdPass.Estimate)
        {
            double expected = c.Pass == CrdPass.EstimateAgain
                ? data.Normalizer
                : CrdContrastOracle.EstimateNormalizer(
                    data.Anchors, data.Bank, c.Dimension, data.Positives, data.Negatives, c.Temperature);
            verdict.Check(expected, normalizer!.Read()[0], Allowed, expected, () => "normaliser");
            return;
        }

        // Unlike the library the oracle has no answer to an index outside of the bank: it gets another one, and what it says of
        // those anchors is replaced.
        bool[] poisoned = new bool[c.Batch];
        for (int i = 0; i < data.Negatives.Length; i++) poisoned[i / c.Count] |= IsBad(data.Negatives[i]);
        for (int i = 0; i < c.Batch; i++) poisoned[i] |= IsBad(data.Positives[i]);
        CrdContrastOracleResult truth = CrdContrastOracle.Compute(
            data.Anchors,
            data.Bank,
            c.Dimension,
            [.. data.Positives.Select(Good)],
            [.. data.Negatives.Select(Good)],
            c.Temperature,
            data.Normalizer,
            c.Epsilon,
            Oracle.Reduction(c.Reduction),
            upstream is null ? null : data.Upstream);
        for (int i = 0; i < c.Batch; i++)
        {
            if (!poisoned[i] && !double.IsNaN(truth.AnchorLosses[i])) continue;
            truth.AnchorLosses[i] = double.NaN;
            truth.Gradient.AsSpan(i * c.Dimension, c.Dimension).Fill(double.NaN);
        }

        double total = truth.AnchorLosses.Sum() / (c.Reduction == KdReduction.BatchMean ? c.Batch : 1);
        double[] losses = c.Reduction == KdReduction.None ? truth.AnchorLosses : [total];
        for (int i = 0; loss is not null && i < losses.Length; i++)
        {
            int anchor = i;
            verdict.Check(losses[i], loss.Read()[i], Allowed, Math.Abs(losses[i]), () => $"loss {anchor}");
        }

        if (gradient is not null) verdict.CheckRows(truth.Gradient, gradient.Read(), c.Dimension, Allowed, "gradient", c.Type);
    }

    // A score's rounding, 1e-7 in float32 for unit rows, is divided by the temperature; exponential, reciprocal and sums add a few
    // units of 1.2e-7.
    private double Allowed => 1.5e-6 + (2e-7 / c.Temperature);

    private Placement? OfAnchors() => c.Layout switch
    {
        CrdLayout.Strided => new Placement(c.Batch * ((3L * c.Dimension) + 2), 1, (3L * c.Dimension) + 2, 0, 3),
        _ => null,
    };

    private Placement? OfBank()
    {
        int vector = 16 / Narrow.Size(c.Type);
        return c.Layout switch
        {
            CrdLayout.Strided => new Placement(c.Rows * (c.Dimension + (2L * vector)), 0, c.Dimension + (2L * vector), 0, 1),
            CrdLayout.Misaligned => new Placement((c.Rows * (c.Dimension + 3L)) + 1, 1, c.Dimension + 3, 0, 1),
            _ => null,
        };
    }

    private Placement? OfNegatives() => c.Layout == CrdLayout.Strided
        ? new Placement(((c.Batch + 1L) * c.Count) + 1, 1, 1, 0, c.Batch)
        : null;

    private bool IsBad(long row) => row < 0 || row >= c.Rows;

    private long Good(long row) => IsBad(row) ? 0 : row;

    private static double[] Numbers(long[] values) => [.. values.Select(value => (double)value)];
}
