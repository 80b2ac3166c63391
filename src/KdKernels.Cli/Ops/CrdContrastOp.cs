using KdKernels.Core;
using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op crd-contrast</c>.</summary>
internal sealed class CrdContrastOp : OpDefinition
{
    public override string Name => "crd-contrast";

    public override string Summary =>
        "−log(x₀/(x₀ + c + ε)) − Σ_k log(c/(x_k + c + ε)) per anchor, x = e^(v·m/τ)/Z, c = K/n "
        + "(Tian, Krishnan and Isola 2020, section 3.2)";

    public override string Contract =>
        "numerator: the sum over the positive and K negatives; divisor: 1 (none, sum), anchors (batch-mean); power of τ: 0; "
        + "the bank and Z are detached";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("anchors", "[B, D]", "embeddings of unit length"),
        new("bank", "[n, D]", "the other network's embeddings") { Differentiable = false },
        new("positives", "[B]", "the anchors' own rows of the bank") { Kind = OpInputKind.Integer },
        new("negatives", "[B, K]", "rows of the bank; drawn where absent") { Kind = OpInputKind.Integer, Optional = true },
        new("labels", "[n]", "classes of the bank's rows: drawn negatives have another one than the anchor")
        {
            Kind = OpInputKind.Integer,
            Optional = true,
        },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.Number("temperature", null, "τ; 0.07 in the paper"),
        OpSetting.Number("normalizer", "0", "Z; 0: estimated from these inputs"),
        OpSetting.Choice("form", "log: ε = 0, the paper's formula; epsilon: with ε", "log", "epsilon"),
        OpSetting.Number("epsilon", "1e-7", "ε of the form epsilon"),
        OpSetting.Integer("count", "0", "K of drawn negatives"),
        OpSetting.Integer("seed", "0", "of drawn negatives"),
        OpSetting.Integer("step", "0", "of drawn negatives"),
        new("reduction", OpSettingKind.Choice, "batch-mean", "how anchors are combined")
        {
            Choices = ["none", "sum", "batch-mean"],
        },
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } =
        [new("loss", "scalar; [B] for none"), new("normalizer", "scalar: Z")];

    public override IReadOnlyList<Tensor> Fused(OpCall call)
    {
        var (anchors, bank, positives) = (call.Tensor("anchors"), call.Tensor("bank"), call.Tensor("positives"));
        (double temperature, double epsilon) = (call.Number("temperature"), Epsilon(call));
        if (call.Optional("negatives") is { } negatives)
        {
            double given = call.Number("normalizer");
            double z = given != 0 ? given : KdFunctional.CrdNormalizer(anchors, bank, positives, negatives, temperature);
            return [KdFunctional.CrdContrast(anchors, bank, positives, negatives, temperature, z, call.Reduction, epsilon), Z(z)];
        }
        else
        {
            CrdDraws draws = Draws(call);
            double given = call.Number("normalizer");
            double z = given != 0 ? given : KdFunctional.CrdNormalizer(anchors, bank, positives, draws, temperature);
            return [KdFunctional.CrdContrast(anchors, bank, positives, draws, temperature, z, call.Reduction, epsilon), Z(z)];
        }
    }

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        var (anchors, bank, positives) = (call.Tensor("anchors"), call.Tensor("bank"), call.Tensor("positives"));
        Tensor negatives = call.Optional("negatives") ?? Draws(call).ToTensor(positives);
        double temperature = call.Number("temperature"), z = call.Number("normalizer");
        if (z == 0)
        {
            Tensor all = cat([positives.unsqueeze(1), negatives], 1);
            Tensor rows = bank.index_select(0, all.view(-1)).view(all.shape[0], all.shape[1], -1);
            Tensor scores = rows.bmm(anchors.detach().unsqueeze(2)).to(ScalarType.Float64) / temperature;
            z = scores.exp().mean().item<double>() * bank.shape[0];
        }

        var options = new CrdContrastOptions(temperature, z, call.Reduction, Epsilon(call));
        return [CrdContrastComposed.Loss(anchors, bank, positives, negatives, options), Z(z)];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        double[] anchors = call.Values("anchors"), bank = call.Values("bank");
        int dimension = (int)call.Shape("anchors")[1];
        long[] positives = call.Labels("positives"), negatives = call.OptionalLabels("negatives") ?? Drawn(call, positives);
        double temperature = call.Number("temperature"), z = call.Number("normalizer");
        if (z == 0)
            z = CrdContrastOracle.EstimateNormalizer(anchors, bank, dimension, positives, negatives, temperature);
        CrdContrastOracleResult result = CrdContrastOracle.Compute(
            anchors, bank, dimension, positives, negatives, temperature, z, Epsilon(call), call.OracleReduction, upstream);
        OracleValue loss = call.OracleReduction == OracleReduction.None
            ? new OracleValue(result.AnchorLosses, positives.Length)
            : OracleValue.Scalar(result.Loss);
        return new OracleRun(
            [loss, OracleValue.Scalar(z)],
            new Dictionary<string, double[]>(StringComparer.Ordinal) { ["anchors"] = result.Gradient });
    }

    private static double Epsilon(OpCall call) => call.Choice("form") == "log" ? 0 : call.Number("epsilon");

    private static Tensor Z(double z) => tensor(z, ScalarType.Float64);

    private static CrdDraws Draws(OpCall call)
    {
        if (call.Integer("count") is < 1 or > int.MaxValue)
            throw new OpException($"expected negatives, or their count of 1 or more, but got count={call.Integer("count")}");
        return new CrdDraws(Negatives(call), checked((uint)call.Integer("step")), (int)call.Integer("count"));
    }

    private static CrdNegatives Negatives(OpCall call)
    {
        ulong seed = (ulong)call.Integer("seed");
        long rows = call.Shape("bank")[0];
        if (call.OptionalLabels("labels") is not { } labels) return new CrdNegatives(seed, rows);
        return labels.Length == rows
            ? new CrdNegatives(seed, labels)
            : throw new OpException($"expected one label for each of {rows} bank rows but got {labels.Length}");
    }

    private static long[] Drawn(OpCall call, long[] positives)
    {
        CrdDraws draws = Draws(call);
        var rows = new int[draws.Count];
        return
        [
            .. positives.SelectMany(sample =>
            {
                draws.Negatives.Draw(draws.Step, sample, rows);
                return rows.Select(row => (long)row).ToArray();
            }),
        ];
    }
}
