using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>
/// A case of NoiseProbe. The copies must be those of the CPU bit for bit: the same normals, one fused multiply-add, one rounding to
/// the type.
/// </summary>
internal sealed class NoiseProbeRun : CaseRun
{
    private const ulong Seed = 0x299f31d0a4093822;
    private const uint Step = 0x13198a2e;

    /// <summary>σ's gradient, over the largest of its cells: what the CPU's is held to.</summary>
    private const double OfGradient = 8e-6;

    private readonly NoiseProbeCase proofCase;
    private readonly NoiseProbeSettings settings;
    private readonly double[] sigma;
    private readonly double[] pixels;
    private readonly DeviceTensor sigmas;
    private readonly DeviceTensor images;
    private readonly DeviceTensor copies;

    public NoiseProbeRun(EmulatedGpu gpu, NoiseProbeCase proofCase)
        : base(gpu)
    {
        this.proofCase = proofCase;
        NoiseProbeShape s = proofCase.Sizes;
        settings = new NoiseProbeSettings(s.Width, Seed, Step, (uint)s.FirstSample, s.Samples);
        int copyCount = CopyCount(s), elements = s.Channels * s.Height * s.Width;
        int imageCount = proofCase.Backward ? copyCount : s.Inputs;
        var random = new Random(imageCount + elements);
        sigma = Draw(random, s.Sigmas * s.CellRows * s.CellColumns, () => 0.001 + random.NextDouble());
        pixels = Draw(random, imageCount * elements, () => (4 * random.NextDouble()) - 2);
        if (proofCase.NotFinite)
        {
            pixels[0] = double.NaN;
            pixels[^1] = double.PositiveInfinity;
        }

        int plane = s.Height * s.Width;
        if (proofCase.Backward)
        {
            images = copies = Input("upstream", proofCase.Type, copyCount, s.Channels, plane, pixels, At(s, plane));
            sigmas = Output("gradient of sigma", proofCase.Type, s.Sigmas, s.CellRows, s.CellColumns);
        }
        else
        {
            images = Input("input", proofCase.Type, s.Inputs, s.Channels, plane, pixels, At(s, plane));
            sigmas = Input("sigma", proofCase.Type, s.Sigmas, s.CellRows, s.CellColumns, sigma);
            copies = Output("output", proofCase.Type, copyCount, s.Channels, plane, At(s, plane));
        }
    }

    public override void Execute()
    {
        if (proofCase.Backward)
            NoiseProbe.Backward(images.View, settings, sigmas.View, Queue);
        else
            NoiseProbe.Forward(images.View, sigmas.View, settings, copies.View, Queue);
    }

    protected override void Compare(Verdict verdict)
    {
        NoiseProbeShape s = proofCase.Sizes;
        if (CopyCount(s) == 0)
        {
            if (proofCase.Backward && Array.Exists(sigmas.Read(), value => value != 0))
                verdict.Add("expected a gradient of 0 without copies");
            return;
        }

        NoiseProbeOracleResult truth = proofCase.Backward
            ? NoiseProbeOracle.Compute(
                new double[s.Inputs * s.Channels * s.Height * s.Width], sigma, s, Noise, upstream: pixels)
            : NoiseProbeOracle.Compute(pixels, sigma, s, Noise);
        if (proofCase.Backward)
        {
            verdict.CheckRows(
                truth.SigmaGradient, sigmas.Read(), truth.SigmaGradient.Length, OfGradient, "gradient", proofCase.Type);
            return;
        }

        double[] output = copies.Read(), bits = OfCpu();
        for (int i = 0; i < output.Length; i++)
        {
            int pixel = i;
            verdict.Check(
                truth.Output[i], output[i], 1.01 / (1 << 24), Math.Abs(truth.Output[i]), () => $"pixel {pixel}", proofCase.Type);
            if (!bits[i].Equals(output[i])) verdict.Add($"pixel {i}: expected the CPU's {bits[i]:R} but got {output[i]:R}");
        }
    }

    /// <summary>What the CPU computes in float32, rounded to the type.</summary>
    private unsafe double[] OfCpu()
    {
        NoiseProbeShape s = proofCase.Sizes;
        float[] x = [.. pixels.Select(value => (float)value)], deviations = [.. sigma.Select(value => (float)value)];
        int copyCount = CopyCount(s), plane = s.Height * s.Width;
        var y = new float[copyCount * s.Channels * plane];
        fixed (float* input = x, cells = deviations, output = y)
        {
            NoiseProbe.Forward(
                View(input, s.Inputs, s.Channels, plane),
                View(cells, s.Sigmas, s.CellRows, s.CellColumns),
                settings,
                View(output, copyCount, s.Channels, plane));
        }

        return [.. y.Select(value => Narrow.Round(value, proofCase.Type))];
    }

    /// <summary>The oracle knows no call without images.</summary>
    private static int CopyCount(NoiseProbeShape s) => s.Inputs == 0 ? 0 : Math.Max(s.Inputs, s.Sigmas) * s.Samples;

    private static unsafe RowsView View(float* data, long outer, long inner, long length) =>
        new((nint)data, KdElementType.Float32, outer, inner, length, inner * length, length, 1);

    private static double Noise(long sample, long element) =>
        PhiloxNormals.At(Seed, PhiloxPurpose.NoiseProbe, Step, (uint)sample, element);

    private double[] Draw(Random random, int count, Func<double> value)
    {
        var values = new double[count];
        for (int i = 0; i < count; i++) values[i] = Narrow.Round(value(), proofCase.Type);
        return values;
    }

    private Placement? At(NoiseProbeShape s, int plane)
    {
        if (proofCase.Offset == 0) return null;
        int imageCount = CopyCount(s);
        Placement whole = Placement.Contiguous(imageCount, s.Channels, plane);
        return whole with { Offset = proofCase.Offset, Length = whole.Length + proofCase.Offset };
    }
}
