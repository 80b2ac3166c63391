using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>Anchors, negatives of each, dimension, rows of the bank: CIFAR-100's, and ImageNet's. Negatives are given.</summary>
internal sealed class CrdContrastGpuCases : GpuCases
{
    private const double Temperature = 0.07;
    private const double Epsilon = 1e-7;

    // About what a first batch of unit rows estimates: n times the mean of e^(v·m / tau).
    private const double NormalizerPerRow = 2.8;

    public override string Op => "crd-contrast";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, 64, 16384, 128, 50000),
        Case(KdElementType.Float32, 16, 256, 32, 2000),
        Case(KdElementType.Float32, 64, 16384, 128, 1281167),
        Case(KdElementType.BFloat16, 64, 16384, 128, 50000),
        Case(KdElementType.Float32, 64, 4096, 128, 50000),
    ];

    private GpuCase Case(KdElementType type, long batch, long count, long dimension, long rows)
    {
        double normalizer = NormalizerPerRow * rows;
        var settings = new CrdContrastSettings(Temperature, normalizer, KdReduction.BatchMean) { Epsilon = Epsilon };
        var anchors = GpuTensor.Input("anchors", Draw.UnitRows(), type, batch, dimension);
        var bank = GpuTensor.Input("bank", Draw.UnitRows(), type, rows, dimension);
        var positives = GpuTensor.Input("positives", Draw.Integers(rows), KdElementType.Int64, batch);
        var negatives = GpuTensor.Input("negatives", Draw.Integers(rows), KdElementType.Int64, batch, count);
        var upstream = GpuTensor.Input("upstream", Draw.Fill(1), KdElementType.Float32);
        var loss = GpuTensor.Output("loss", KdElementType.Float32);
        var gradient = GpuTensor.Gradient(anchors);
        // Each row that is drawn comes from L2 or memory; of a bank that L2 cannot hold no more than its rows are needed.
        long drawn = batch * (count + 1) * dimension * (anchors.Bytes / (batch * dimension));
        long inputs = Math.Min(bank.Bytes, drawn) + negatives.Bytes + anchors.Bytes;
        long flops = 2 * batch * (count + 1) * dimension;
        return new GpuCase(Op, type, [batch, count, dimension, rows])
        {
            Settings = new GpuSettings { ["temperature"] = Temperature, ["normalizer"] = normalizer, ["epsilon"] = Epsilon },
            Inputs = [anchors, bank, positives, negatives, upstream],
            Modes =
            [
                new(GpuMode.Forward, [loss], inputs, memory => Core.CrdContrast.Forward(
                    memory.Matrix(anchors),
                    memory.Matrix(bank),
                    memory.PerRow(positives),
                    CrdChoice.Of(memory.Matrix(negatives)),
                    settings,
                    memory.Scalar(loss),
                    memory.Queue))
                {
                    Flops = flops,
                },
                new(GpuMode.WithGradient, [loss, gradient], inputs + gradient.Bytes, memory => Core.CrdContrast.ForwardWithGradient(
                    memory.Matrix(anchors),
                    memory.Matrix(bank),
                    memory.PerRow(positives),
                    CrdChoice.Of(memory.Matrix(negatives)),
                    settings,
                    memory.Scalar(loss),
                    memory.Matrix(gradient),
                    memory.Queue))
                {
                    Flops = 2 * flops,
                },
                new(GpuMode.Backward, [gradient], inputs + gradient.Bytes, memory => Core.CrdContrast.Backward(
                    memory.Matrix(anchors),
                    memory.Matrix(bank),
                    memory.PerRow(positives),
                    CrdChoice.Of(memory.Matrix(negatives)),
                    settings,
                    memory.Scalar(upstream),
                    memory.Matrix(gradient),
                    memory.Queue))
                {
                    Flops = 2 * flops,
                },
            ],
        };
    }
}
