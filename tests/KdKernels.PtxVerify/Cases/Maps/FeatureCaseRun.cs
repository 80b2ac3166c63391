using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case on features.</summary>
internal abstract class FeatureCaseRun(EmulatedGpu gpu, AttentionCase attentionCase) : CaseRun(gpu)
{
    protected AttentionCase Case => attentionCase;

    /// <summary>
    /// float32: sums in double, one rounding each of slope and result (2^-24 both), three more where f⁴ is derived. 16
    /// bits: what adding two powers in float32 loses of each sum besides, which differences of maps show.
    /// </summary>
    protected double Tolerance => Case.Type != KdElementType.Float32 ? 3e-6 : Case.Power == 4 ? 4e-7 : 1.5e-7;

    protected DeviceTensor Features(string name, OracleMaps maps, bool isTeacher = false) => Input(
        name,
        Case.Type,
        maps.Batch,
        maps.Pixels,
        maps.Channels,
        MapData.ToRows(maps),
        MapData.Place(Case.Layout, maps, isTeacher, 16 / Narrow.Size(Case.Type)));

    protected DeviceTensor GradientOf(OracleMaps maps) => Output(
        "gradient",
        Case.Type,
        maps.Batch,
        maps.Pixels,
        maps.Channels,
        MapData.Place(Case.GradientLayout ?? Case.Layout, maps, isTeacher: false, 16 / Narrow.Size(Case.Type)));

    /// <summary>The gradient of each sample by its largest element.</summary>
    protected void CheckGradient(Verdict verdict, double[] expected, DeviceTensor gradient, OracleMaps maps) =>
        verdict.CheckRows(
            expected,
            MapData.FromRows(gradient.Read(), maps),
            maps.Channels * maps.Pixels,
            Tolerance,
            "gradient",
            Case.Type);
}
