using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>(1 + tangents) · batch, channels, height, width, with the gradients of stack, weight and bias.</summary>
internal sealed class DualBatchNormGpuCases : GpuCases
{
    private const long Tangents = 3;

    public override string Op => "dual-batch-norm";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, 4 * 64, 64, 56, 56),
        Case(KdElementType.Float32, 4 * 16, 16, 8, 8),
        Case(KdElementType.BFloat16, 4 * 64, 64, 56, 56),
        Case(KdElementType.Float32, 4 * 64, 16, 32, 32),
    ];

    private GpuCase Case(KdElementType type, params long[] shape)
    {
        var settings = new DualBatchNormSettings(Tangents);
        GpuTensor PerChannel(string name, Draw draw) => GpuTensor.Input(name, draw, type, shape[1]);
        var stack = GpuTensor.Input("stack", Draw.Normal(), type, shape);
        var mean = PerChannel("mean", Draw.Normal(0.3));
        var variance = PerChannel("variance", Draw.Uniform(0.5, 2));
        var weight = PerChannel("weight", Draw.Uniform(0.5, 1.5));
        var bias = PerChannel("bias", Draw.Normal(0.3));
        var upstream = GpuTensor.Input("upstream", Draw.Normal(), type, shape);
        var result = GpuTensor.Output("result", type, shape);
        GpuTensor[] gradients = [GpuTensor.Gradient(stack), GpuTensor.Gradient(weight), GpuTensor.Gradient(bias)];
        void Forward(CaseMemory memory) => Core.DualBatchNorm.Forward(
            Planes(memory, stack),
            memory.Vector(mean),
            memory.Vector(variance),
            memory.Vector(weight),
            memory.Vector(bias),
            settings,
            Planes(memory, result),
            memory.Queue);
        void Backward(CaseMemory memory) => Core.DualBatchNorm.Backward(
            Planes(memory, stack),
            memory.Vector(mean),
            memory.Vector(variance),
            memory.Vector(weight),
            settings,
            Planes(memory, upstream),
            Planes(memory, gradients[0]),
            memory.Vector(gradients[1]),
            memory.Vector(gradients[2]),
            memory.Queue);
        long forward = 2 * stack.Bytes;
        long backward = 3 * stack.Bytes;
        return new GpuCase(Op, type, shape)
        {
            Settings = new GpuSettings { ["tangents"] = Tangents, ["epsilon"] = settings.Epsilon },
            Inputs = [stack, mean, variance, weight, bias, upstream],
            Modes =
            [
                new(GpuMode.Forward, [result], forward, Forward),
                new(GpuMode.WithGradient, [result, .. gradients], forward + backward, memory =>
                {
                    Forward(memory);
                    Backward(memory);
                }),
                new(GpuMode.Backward, gradients, backward, Backward),
            ],
        };
    }

    private static RowsView Planes(CaseMemory memory, GpuTensor tensor) =>
        memory.Rows(tensor, tensor.Shape[0], tensor.Shape[1], tensor.Shape[2] * tensor.Shape[3]);
}
