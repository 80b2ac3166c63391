using KdKernels.Reference;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary><c>kd op fsp-loss</c>.</summary>
internal sealed class FspLossOp : OpDefinition
{
    private static readonly string[] Layers = ["student1", "student2", "teacher1", "teacher2"];

    public override string Name => "fsp-loss";

    public override string Summary =>
        "D = G_s − G_t of a pair of layers per sample: Σ D², Σ D²/(C1·C2), or Σ_j √(Σ_i D_ij²) "
        + "(Yim, Joo, Bae and Kim 2017, section 3.2)";

    public override string Contract =>
        "numerator: the form's value per sample; divisor: 1 (none, sum), B (batch-mean); power of T: 0; the teacher is "
        + "detached; the larger layer of each network is pooled to the smaller height and width";

    public override IReadOnlyList<OpInput> Inputs { get; } =
    [
        new("student1", "[B, C1, H, W]", "the student's first layer"),
        new("student2", "[B, C2, H, W]", "its second layer"),
        new("teacher1", "[B, C1, H, W]", "the teacher's first layer") { Differentiable = false },
        new("teacher2", "[B, C2, H, W]", "its second layer") { Differentiable = false },
    ];

    public override IReadOnlyList<OpSetting> Settings { get; } =
    [
        OpSetting.Choice("form", "paper, RepDistiller's mean, torchdistill's column norms", "paper", "mean", "column-norms"),
        OpMaps.Pooling,
        OpSetting.Choice("reduction", "how samples are combined", "batch-mean", "none", "sum"),
    ];

    public override IReadOnlyList<OpOutput> Outputs { get; } = [new("loss", "scalar; one value per sample for none")];

    public override IReadOnlyList<Tensor> Fused(OpCall call)
    {
        Tensor[] t = [.. Layers.Select(call.Tensor)];
        return [KdFunctional.FspLoss(t[0], t[1], t[2], t[3], call.Reduction, Options(call))];
    }

    public override IReadOnlyList<Tensor> Composed(OpCall call)
    {
        Tensor[] t = [.. Layers.Select(call.Tensor)];
        return [FspGramComposed.Loss(t[0], t[1], t[2], t[3], Options(call), call.Reduction)];
    }

    public override OracleRun Oracle(OpCall call, double[]? upstream)
    {
        FspOptions options = Options(call);
        OracleMaps[] maps = [.. Layers.Select(layer => OpMaps.Oracle(call, layer))];
        FspGramOracleResult result = FspGramOracle.Loss(
            maps[0],
            maps[1],
            maps[2],
            maps[3],
            Enum.Parse<OracleFspForm>(options.Form.ToString()),
            options.Pooling == FspPooling.Average,
            call.OracleReduction,
            upstream);
        return new OracleRun(
            [OpMaps.Reduced(call.OracleReduction, result.SampleLosses, result.Loss)],
            new Dictionary<string, double[]>(StringComparer.Ordinal)
            {
                ["student1"] = result.Gradient1,
                ["student2"] = result.Gradient2,
            });
    }

    private static FspOptions Options(OpCall call) => new(
        call.Choice("form") switch
        {
            "mean" => FspForm.Mean,
            "column-norms" => FspForm.ColumnNorms,
            _ => FspForm.Paper,
        },
        OpMaps.PoolingOf(call));
}
