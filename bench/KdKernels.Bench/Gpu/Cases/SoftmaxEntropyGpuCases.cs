using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>Rows of a language model, and pixels of a segmentation network with the classes far apart.</summary>
internal sealed class SoftmaxEntropyGpuCases : GpuCases
{
    private const double Temperature = 4;

    public override string Op => "softmax-entropy";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.BFloat16, 8192, 32000),
        Case(KdElementType.Float32, 256, 21, 224, 224),
        Case(KdElementType.Float32, 256, 1000),
        Case(KdElementType.Float32, 8192, 32000),
        Case(KdElementType.Float32, 8, 21, 512, 512),
        Case(KdElementType.BFloat16, 256, 21, 224, 224),
        Case(KdElementType.BFloat16, 8, 21, 512, 512),
        Case(KdElementType.Float32, 4, 21, 32, 32),
    ];

    private GpuCase Case(KdElementType type, params long[] shape)
    {
        var settings = new SoftmaxEntropySettings(Temperature, KdReduction.BatchMean);
        var logits = GpuTensor.Input("logits", Draw.Normal(3), type, shape);
        var upstream = GpuTensor.Input("upstream", Draw.Fill(1), KdElementType.Float32);
        var loss = GpuTensor.Output("loss", KdElementType.Float32);
        var gradient = GpuTensor.Gradient(logits);
        return new GpuCase(Op, type, shape)
        {
            Settings = new GpuSettings { ["temperature"] = Temperature },
            Inputs = [logits, upstream],
            Modes =
            [
                new(GpuMode.Forward, [loss], logits.Bytes, memory => Core.SoftmaxEntropy.Forward(
                    memory.Logits(logits), settings, memory.Scalar(loss), memory.Queue)),
                new(GpuMode.WithGradient, [loss, gradient], 2 * logits.Bytes, memory => Core.SoftmaxEntropy.ForwardWithGradient(
                    memory.Logits(logits), settings, memory.Scalar(loss), memory.Logits(gradient), memory.Queue)),
                new(GpuMode.Backward, [gradient], 2 * logits.Bytes, memory => Core.SoftmaxEntropy.Backward(
                    memory.Logits(logits), settings, memory.Scalar(upstream), memory.Logits(gradient), memory.Queue)),
            ],
        };
    }
}
