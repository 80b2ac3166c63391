using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>Rows, tangents per row, classes. The gradients recompute: they read everything again.</summary>
internal sealed class SoftmaxJvpGpuCases : GpuCases
{
    private const double Temperature = 4;

    public override string Op => "softmax-jvp";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, 256, 100, 1000),
        Case(KdElementType.Float32, 256, 10, 100),
        Case(KdElementType.Float32, 32, 1000, 1000),
        Case(KdElementType.BFloat16, 256, 100, 1000),
        Case(KdElementType.Float32, 64, 4, 32000),
        Case(KdElementType.Float32, 256, 10, 1000),
        Case(KdElementType.Float32, 256, 100, 1000, SoftmaxForm.LogSoftmax),
        Case(KdElementType.BFloat16, 256, 10, 1000),
        Case(KdElementType.Float32, 4096, 10, 100),
    ];

    private GpuCase Case(KdElementType type, long rows, long count, long classes, SoftmaxForm of = SoftmaxForm.Softmax)
    {
        var settings = new SoftmaxJvpSettings(Temperature, of);
        var logits = GpuTensor.Input("logits", Draw.Normal(3), type, rows, classes);
        var tangents = GpuTensor.Input("tangents", Draw.Normal(), type, rows, count, classes);
        var upstream = GpuTensor.Input("upstream", Draw.Normal(), type, rows, count, classes);
        var result = GpuTensor.Output("result", type, rows, count, classes);
        var byLogits = GpuTensor.Gradient(logits);
        var byTangents = GpuTensor.Gradient(tangents);
        void Forward(CaseMemory memory) => Core.SoftmaxJvp.Forward(
            memory.Matrix(logits), memory.Batches(tangents), settings, memory.Batches(result), memory.Queue);
        void Backward(CaseMemory memory) => Core.SoftmaxJvp.Backward(
            memory.Matrix(logits),
            memory.Batches(tangents),
            settings,
            memory.Batches(upstream),
            memory.Matrix(byLogits),
            memory.Batches(byTangents),
            memory.Queue);
        long forward = logits.Bytes + (2 * tangents.Bytes);
        long backward = (2 * logits.Bytes) + (3 * tangents.Bytes);
        bool isLog = of == SoftmaxForm.LogSoftmax;
        return new GpuCase(Op, type, [rows, count, classes])
        {
            Form = isLog ? "log-softmax" : "",
            Settings = new GpuSettings { ["temperature"] = Temperature, ["of"] = isLog ? "log-softmax" : "softmax" },
            Inputs = [logits, tangents, upstream],
            Modes =
            [
                new(GpuMode.Forward, [result], forward, Forward),
                new(GpuMode.WithGradient, [result, byLogits, byTangents], forward + backward, memory =>
                {
                    Forward(memory);
                    Backward(memory);
                }),
                new(GpuMode.Backward, [byLogits, byTangents], backward, Backward),
            ],
        };
    }
}
