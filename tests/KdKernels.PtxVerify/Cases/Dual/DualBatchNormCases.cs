using KdKernels.Core;
using KdKernels.Kernels.Manifest;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>DualBatchNorm: channels that begin within a quad, more samples than a unit has, what is absent, what is not wanted.</summary>
internal sealed class DualBatchNormCases : StemCases
{
    public override string Stem => nameof(DualBatchNorm);

    public override IReadOnlyList<ProofCase> Table(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        bool general = kernel.Kind.EndsWith("-general", StringComparison.Ordinal);
        bool sums = !kernel.Kind.StartsWith("scale", StringComparison.Ordinal);
        (int Channels, int Length)[] shapes = general
            ? [(1, 1), (3, 1), (7, 3), (5, 49), (1, 1023), (3, 683)]
            : [(4, 1), (2, 2), (4, 49), (8, 128), (1, 1028), (3, 684)];
        var any = new DualBatchNormCase(type, 2, 3, shapes[2].Channels, shapes[2].Length) { Pass = sums ? NormPass.Backward : NormPass.Forward };
        var cases = new List<ProofCase>();
        cases.AddRange(shapes.Select(shape => any with { Channels = shape.Channels, Length = shape.Length }));
        cases.AddRange(new[] { 0, 1, 4 }.Select(tangents => any with { Tangents = tangents, Batch = 5 }));
        cases.Add(any with { Batch = 13 });
        cases.Add(any with { Affine = false, Pass = sums ? NormPass.BiasOnly : NormPass.Forward });
        cases.Add(any with { Batch = 0 });
        if (sums)
        {
            cases.Add(any with { Pass = NormPass.WeightOnly });
            cases.Add(any with { Constant = true });
            cases.Add(any with { Pass = NormPass.Parameters, Constant = true });
            return cases;
        }

        cases.Add(any with { Pass = NormPass.StackOnly });
        cases.Add(any with { Pass = NormPass.StackOnly, Constant = true });
        return cases;
    }

    public override ProofCase? Representative(KernelEntry kernel)
    {
        KdElementType type = Enum.Parse<KdElementType>(kernel.ElementType, ignoreCase: true);
        return kernel.Kind switch
        {
            "scale" => new DualBatchNormCase(type, 3, 2, 8, 512),
            // One sample: with an odd number of columns, the next one would begin anywhere.
            "scale-general" => new DualBatchNormCase(type, 0, 1, 3, 13333),
            "backward" => new DualBatchNormCase(type, 3, 4, 8, 512) { Pass = NormPass.Backward },
            // What a whole call moves is measured with the kernel that goes before; and many samples of whatever beginning have no
            // ideal sectors.
            _ => null,
        };
    }

    /// <summary>
    /// The sums of the columns are written and read once: of at most 8192 columns for each 16 samples, 16 bytes to 48 elements;
    /// the shapes of networks have more, and a quarter of that.
    /// </summary>
    public override double TrafficLimit(KernelEntry kernel) =>
        kernel.Kind.StartsWith("scale", StringComparison.Ordinal) ? 1.05 : kernel.ElementType == "float32" ? 1.1 : 1.2;

    /// <summary>The gradients of weights and biases take two kernels.</summary>
    public override bool Needs(KernelEntry kernel, KernelEntry other)
    {
        if (kernel.ElementType != other.ElementType) return false;
        return (kernel.Kind, other.Kind) is ("backward" or "backward-general", "finish") or ("finish", "backward");
    }
}

/// <summary>What a case of DualBatchNorm asks for.</summary>
internal enum NormPass
{
    Forward,

    /// <summary>All gradients.</summary>
    Backward,
    StackOnly,
    WeightOnly,
    BiasOnly,

    /// <summary>Weights and biases.</summary>
    Parameters,
}

/// <summary>One call of DualBatchNorm.</summary>
internal sealed record DualBatchNormCase(KdElementType Type, int Tangents, int Batch, int Channels, int Length) : ProofCase
{
    public NormPass Pass { get; init; }

    /// <summary>Whether there are weights and biases.</summary>
    public bool Affine { get; init; } = true;

    /// <summary>Whether the upstream gradient is one number.</summary>
    public bool Constant { get; init; }

    public int Samples => (1 + Tangents) * Batch;

    public override string Shape => $"[{Samples}, {Channels}, {Length}]";

    public override CaseRun Open(EmulatedGpu gpu) => new DualBatchNormCaseRun(gpu, this);
}

/// <summary>A case of DualBatchNorm.</summary>
internal sealed class DualBatchNormCaseRun : CaseRun
{
    // σ's reciprocal is off by 2 ulp, products and sums of some hundred terms by a few more.
    private const double Tolerance = 2e-6;
    private const double Epsilon = 1e-5;

    private readonly DualBatchNormCase proof;
    private readonly double[] stack;
    private readonly double[] mean;
    private readonly double[] variance;
    private readonly double[]? weight;
    private readonly double[]? bias;
    private readonly double[]? upstream;
    private readonly DeviceTensor stackTensor;
    private readonly DeviceTensor meanTensor;
    private readonly DeviceTensor varianceTensor;
    private readonly DeviceTensor? weightTensor;
    private readonly DeviceTensor? biasTensor;
    private readonly DeviceTensor? upstreamTensor;
    private readonly DeviceTensor? result;
    private readonly DeviceTensor? byWeight;
    private readonly DeviceTensor? byBias;

    public DualBatchNormCaseRun(EmulatedGpu gpu, DualBatchNormCase proof)
        : base(gpu)
    {
        this.proof = proof;
        int count = proof.Samples * proof.Channels * proof.Length;
        stack = RandomValues.Normal(count, 3, proof.Type);
        mean = RandomValues.Normal(proof.Channels, 5, proof.Type);
        variance = [.. RandomValues.Normal(proof.Channels, 7, proof.Type).Select(value => Narrow.Round(0.1 + (value * value), proof.Type))];
        stackTensor = Stack("stack", stack);
        meanTensor = Vector("mean", mean);
        varianceTensor = Vector("variance", variance);
        if (proof.Affine)
        {
            weight = RandomValues.Normal(proof.Channels, 11, proof.Type);
            weightTensor = Vector("weight", weight);
        }

        if (proof.Pass != NormPass.Forward)
        {
            upstream = proof.Constant ? [.. Enumerable.Repeat(0.75, count)] : RandomValues.Normal(count, 13, proof.Type);
            upstreamTensor = Stack("upstream", upstream, proof.Constant ? DualStack.Constant : null);
        }
        else if (proof.Affine)
        {
            bias = RandomValues.Normal(proof.Channels, 17, proof.Type);
            biasTensor = Vector("bias", bias);
        }

        if (proof.Pass is NormPass.Forward or NormPass.Backward or NormPass.StackOnly)
            result = Output("result", proof.Type, proof.Samples, proof.Channels, proof.Length);
        if (proof.Pass is NormPass.Backward or NormPass.WeightOnly or NormPass.Parameters)
            byWeight = Output("gradient of the weights", proof.Type, 1, 1, proof.Channels);
        if (proof.Pass is NormPass.Backward or NormPass.BiasOnly or NormPass.Parameters)
            byBias = Output("gradient of the biases", proof.Type, 1, 1, proof.Channels);
    }

    public override void Execute()
    {
        var settings = new DualBatchNormSettings(proof.Tangents, Epsilon);
        if (upstreamTensor is null)
        {
            DualBatchNorm.Forward(
                stackTensor.View, meanTensor.View, varianceTensor.View, weightTensor?.View, biasTensor?.View, settings, result!.View, Queue);
            return;
        }

        DualBatchNorm.Backward(
            stackTensor.View, meanTensor.View, varianceTensor.View, weightTensor?.View, settings, upstreamTensor.View, result?.View,
            byWeight?.View, byBias?.View, Queue);
    }

    protected override void Compare(Verdict verdict)
    {
        DualBatchNormOracleResult truth = DualBatchNormOracle.Compute(
            stack, proof.Tangents, proof.Length, mean, variance, weight, bias, Epsilon, upstream);
        int row = proof.Channels * proof.Length;
        if (result is not null)
        {
            verdict.CheckRows(
                upstream is null ? truth.Values : truth.StackGradient, result.Read(), row, Tolerance, "result", proof.Type);
        }

        CheckSums(verdict, truth.WeightGradient, byWeight, "gradient of the weights");
        CheckSums(verdict, truth.BiasGradient, byBias, "gradient of the biases");
    }

    // Terms of either sign cancel: the sum of their sizes, some 5 each after division by σ, is the scale.
    private void CheckSums(Verdict verdict, double[] expected, DeviceTensor? tensor, string what)
    {
        if (tensor is null) return;
        double[] actual = tensor.Read();
        double scale = 5.0 * proof.Samples * proof.Length;
        for (int c = 0; c < expected.Length; c++)
        {
            int channel = c;
            verdict.Check(expected[c], actual[c], Tolerance / 4, scale, () => $"{what}, channel {channel}", proof.Type);
        }
    }

    private DeviceTensor Stack(string name, double[] values, Placement? placement = null) =>
        Input(name, proof.Type, proof.Samples, proof.Channels, proof.Length, values, placement);

    private DeviceTensor Vector(string name, double[] values) => Input(name, proof.Type, 1, 1, proof.Channels, values);
}
