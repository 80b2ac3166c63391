using KdKernels.Reference;

namespace KdKernels.Core.Tests;

/// <summary>One call of NoiseProbe on guarded memory, with everything that it wrote.</summary>
public sealed class NoiseProbeRun
{
    public const ulong Seed = 0xfedcba9876543210;
    public const uint Step = 17;

    public required NoiseProbeShape Shape { get; init; }
    public Layout Layout { get; init; } = Layout.Contiguous;
    public KdElementType Type { get; init; } = KdElementType.Float32;
    public required double[] Input { get; init; }
    public required double[] Sigma { get; init; }
    public double[]? Upstream { get; init; }

    public double[] Output { get; private set; } = [];
    public double[] SigmaGradient { get; private set; } = [];
    public byte[] Bits { get; private set; } = [];

    private int Copies => Math.Max(Shape.Inputs, Shape.Sigmas) * Shape.Samples;

    private int Pixels => Shape.Height * Shape.Width;

    public static NoiseProbeRun Case(NoiseProbeShape shape, Layout layout, KdElementType type)
    {
        int copies = Math.Max(shape.Inputs, shape.Sigmas) * shape.Samples;
        int elements = shape.Channels * shape.Height * shape.Width;
        var random = new Random(elements + copies);
        int cells = shape.Sigmas * shape.CellRows * shape.CellColumns;
        return new NoiseProbeRun
        {
            Shape = shape,
            Layout = layout,
            Type = type,
            Input = Logits.Random(shape.Inputs, elements, 1, type, outliers: false),
            Sigma = Logits.Round([.. Enumerable.Range(0, cells).Select(_ => 0.001 + random.NextDouble())], type),
            Upstream = Logits.Random(copies, elements, 2, type, outliers: false),
        };
    }

    /// <summary>Forward and Backward on guarded memory.</summary>
    public NoiseProbeRun Execute()
    {
        using GuardedTensor input = GuardedTensor.Input(
            Type, Shape.Inputs, Shape.Channels, Pixels, Layout, Input);
        using GuardedTensor sigma = GuardedTensor.Input(
            Type, Shape.Sigmas, Shape.CellRows, Shape.CellColumns, Layout, Sigma);
        using var gradient = new GuardedTensor(Type, Shape.Sigmas, Shape.CellRows, Shape.CellColumns, Layout);
        using var output = new GuardedTensor(Type, Copies, Shape.Channels, Pixels, Layout);
        double[] ones = [.. Enumerable.Repeat(1.0, Copies * Shape.Channels * Pixels)];
        using GuardedTensor upstream = GuardedTensor.Input(
            Type, Copies, Shape.Channels, Pixels, Layout, Upstream ?? ones);
        var settings = new NoiseProbeSettings(Shape.Width, Seed, Step, (uint)Shape.FirstSample, Shape.Samples);
        NoiseProbe.Forward(input.View, sigma.View, settings, output.View);
        NoiseProbe.Backward(upstream.View, settings, gradient.View);

        input.AssertUntouched("input");
        sigma.AssertUntouched("sigma");
        upstream.AssertUntouched("upstream");
        output.AssertWritten("output");
        gradient.AssertWritten("gradient");
        Output = output.ToArray();
        SigmaGradient = gradient.ToArray();
        Bits = [.. output.Bits(), .. gradient.Bits()];
        return this;
    }

    /// <summary>Executes and compares with the oracle.</summary>
    public NoiseProbeRun Check()
    {
        Execute();
        NoiseProbeOracleResult oracle = NoiseProbeOracle.Compute(Input, Sigma, Shape, Noise, Upstream);
        // One rounding of each pixel, and in double the oracle's own two; sums of a cell as gradients of rows.
        (double rounding, double own) =
            Type == KdElementType.Float32 ? (Math.Pow(2, -24), 1e-30) : (Math.Pow(2, -53), 20);
        for (int i = 0; i < Output.Length; i++)
        {
            int pixel = i;
            Tolerance.Check(
                oracle.Output[i], Output[i], 1.01 * rounding, Math.Abs(oracle.Output[i]) + own,
                () => $"pixel {pixel} of {this}");
        }

        double scale = oracle.SigmaGradient.Where(double.IsFinite).Select(Math.Abs).Append(0).Max();
        for (int i = 0; i < SigmaGradient.Length; i++)
        {
            int cell = i;
            Tolerance.Check(
                oracle.SigmaGradient[i], SigmaGradient[i], Tolerance.Gradient(Type), scale,
                () => $"cell {cell} of {this}");
        }

        return this;
    }

    public static double Noise(long sample, long element) =>
        PhiloxNormals.At(Seed, PhiloxPurpose.NoiseProbe, Step, (uint)sample, element);

    public override string ToString() => $"{Shape} {Layout} {Type} {KdCpu.Width}";
}
