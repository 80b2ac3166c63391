using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of PixelEntropy.</summary>
internal sealed class PixelEntropyRun : CaseRun
{
    private const double Threshold = 0.2;

    /// <summary>
    /// A unit's entropy, over 1 + |ln σ|: 2 ulp of the logarithm and one of the sum with the constant, which may cancel.
    /// </summary>
    private const double OfUnit = 2.5e-7;

    /// <summary>A mean of entropies, over 1 + the mean of |ln σ|: a unit's share of the product's roundings is far less.</summary>
    private const double OfMean = 2e-7;

    /// <summary>A gradient, over itself: 2 ulp of the division, 1 of factor or upstream.</summary>
    private const double OfGradient = 4e-7;

    /// <summary>What is added to a gradient for that: a unit in the last place of subnormal numbers.</summary>
    private const double Smallest = 1e-38;

    private readonly PixelEntropyCase proofCase;
    private readonly double[] sigma;
    private readonly bool[] mask;
    private readonly double[]? upstreamValues;
    private readonly DeviceTensor sigmas;
    private readonly DeviceTensor? foreground;
    private readonly DeviceTensor? entropy;
    private readonly DeviceTensor? map;
    private readonly DeviceTensor? upstream;
    private readonly DeviceTensor? gradient;
    private readonly DeviceTensor? mean;
    private readonly DeviceTensor? foregroundPoints;
    private readonly DeviceTensor? backgroundPoints;

    public PixelEntropyRun(EmulatedGpu gpu, PixelEntropyCase proofCase)
        : base(gpu)
    {
        this.proofCase = proofCase;
        (KdElementType type, int images, int units) = (proofCase.Type, proofCase.Images, proofCase.Units);
        var random = new Random((images * 1000) + units);
        sigma = [.. Enumerable.Range(0, images * units).Select(i => Narrow.Round(Deviation(random, i), type))];
        mask = [.. sigma.Select((_, i) => proofCase.NoBackground || IsWrong(i) || random.Next(3) == 0)];
        bool perUnit = proofCase.Reduction == KdReduction.None;
        Placement at = At(images, units);
        sigmas = Input("sigma", type, images, 1, units, sigma, at);
        if (proofCase.Pass == Pass.Backward)
        {
            upstreamValues = [.. Enumerable.Range(0, perUnit ? sigma.Length : 1).Select(i => (float)(1.5 + (i % 7)))];
            upstream = perUnit
                ? Input("upstream", KdElementType.Float32, images, 1, units, upstreamValues)
                : Input("upstream", KdElementType.Float32, 1, 1, 1, upstreamValues);
        }
        else
        {
            entropy = perUnit
                ? Output("entropy", KdElementType.Float32, images, 1, units)
                : Output("entropy", KdElementType.Float32, 1, 1, 1);
            if (proofCase.Map) map = Output("map", KdElementType.Float32, images, 1, units);
        }

        if (proofCase.Pass != Pass.Forward) gradient = Output("gradient", type, images, 1, units, at);
        if (!proofCase.Points) return;
        double[] flags = [.. mask.Select(isForeground => isForeground ? 1.0 : 0)];
        foreground = Input("foreground", KdElementType.Bool, images, 1, units, flags, at);
        mean = Output("background mean", KdElementType.Float32, 1, 1, 1);
        foregroundPoints = Output("foreground points", KdElementType.Int64, images, 1, 1);
        backgroundPoints = Output("background points", KdElementType.Int64, images, 1, 1);
    }

    public override void Execute()
    {
        var settings = new PixelEntropySettings(proofCase.Reduction, Threshold);
        PixelEntropyPoints? points = proofCase.Points
            ? new(foreground!.View, mean!.View, foregroundPoints!.View, backgroundPoints!.View)
            : null;
        if (proofCase.Pass == Pass.Backward)
            PixelEntropy.Backward(sigmas.View, settings, upstream!.View, gradient!.View, Queue);
        else if (gradient is null)
            PixelEntropy.Forward(sigmas.View, settings, entropy!.View, points, map?.View, Queue);
        else
            PixelEntropy.ForwardWithGradient(sigmas.View, settings, entropy!.View, gradient.View, points, map?.View, Queue);
    }

    protected override void Compare(Verdict verdict)
    {
        PixelEntropyOracleResult truth = proofCase.Units == 0
            ? new([], Empty(), [], double.NaN, new long[proofCase.Images], new long[proofCase.Images])
            : PixelEntropyOracle.Compute(
                sigma, proofCase.Images, Oracle.Reduction(proofCase.Reduction), Threshold, mask, upstreamValues);
        CheckUnits(verdict, truth.Map, proofCase.Reduction == KdReduction.None ? entropy : map, "entropy");
        double logs = 1 + sigma.Select(s => Math.Abs(Math.Log(s))).Where(double.IsFinite).DefaultIfEmpty(0).Average();
        if (entropy is not null && proofCase.Reduction != KdReduction.None)
        {
            double scale = proofCase.Reduction switch
            {
                KdReduction.Mean => logs,
                KdReduction.BatchMean => logs * proofCase.Units,
                _ => logs * sigma.Length,
            };
            verdict.Check(truth.Entropy, entropy.Read()[0], OfMean, scale, () => "entropy");
        }

        if (gradient is not null)
        {
            double[] actual = gradient.Read();
            for (int i = 0; i < actual.Length; i++)
            {
                int unit = i;
                double rounded = Narrow.Round(truth.Gradient[i], proofCase.Type);
                verdict.Check(
                    double.IsFinite(rounded) ? truth.Gradient[i] : rounded, actual[i], OfGradient,
                    Math.Abs(truth.Gradient[i]) + Smallest, () => $"gradient of unit {unit}", proofCase.Type);
            }
        }

        if (!proofCase.Points) return;
        verdict.Check(truth.BackgroundMean, mean!.Read()[0], OfMean, logs, () => "background mean");
        CheckCounts(verdict, truth.ForegroundPoints, foregroundPoints!, "foreground");
        CheckCounts(verdict, truth.BackgroundPoints, backgroundPoints!, "background");
    }

    private void CheckUnits(Verdict verdict, double[] expected, DeviceTensor? tensor, string what)
    {
        if (tensor is null) return;
        double[] actual = tensor.Read();
        for (int i = 0; i < actual.Length; i++)
        {
            int unit = i;
            verdict.Check(
                expected[i], actual[i], OfUnit, 1 + Math.Abs(Math.Log(sigma[i])), () => $"{what} of unit {unit}");
        }
    }

    private static void CheckCounts(Verdict verdict, long[] expected, DeviceTensor tensor, string what)
    {
        double[] actual = tensor.Read();
        for (int image = 0; image < expected.Length; image++)
        {
            if (actual[image] != expected[image])
                verdict.Add($"{what} points of image {image}: expected {expected[image]} but got {actual[image]}");
        }
    }

    // No oracle for no units: the sum of none, over how many there are.
    private double Empty() => proofCase.Reduction == KdReduction.Mean
        || (proofCase.Reduction == KdReduction.BatchMean && proofCase.Images == 0) ? double.NaN : 0;

    private double Deviation(Random random, int index)
    {
        double usual = Math.Exp(-6 + (5 * random.NextDouble()));
        return proofCase.Deviations switch
        {
            Deviations.Wide => Math.ScaleB(1 + random.NextDouble(), random.Next(-130, 120)),
            Deviations.Tiny when index == 3 => 0,
            Deviations.Tiny when index == 20 => Math.ScaleB(1, proofCase.Type == KdElementType.Float16 ? -20 : -130),
            Deviations.Wrong when index == 2 => -1,
            Deviations.Wrong when index == 9 => double.NaN,
            Deviations.Wrong when index == 30 => double.PositiveInfinity,
            _ => usual,
        };
    }

    private bool IsWrong(int index) => proofCase.Deviations == Deviations.Wrong && index is 2 or 9 or 30;

    private Placement At(int images, int units)
    {
        Placement whole = Placement.Contiguous(images, 1, units);
        return whole with { Offset = proofCase.Offset, Length = whole.Length + proofCase.Offset };
    }
}
