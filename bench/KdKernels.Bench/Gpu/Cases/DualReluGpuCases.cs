using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>Blocks of a stack (the primal and its tangents) and their elements.</summary>
internal sealed class DualReluGpuCases : GpuCases
{
    public override string Op => "dual-relu";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, 4, 64 * 64 * 56 * 56),
        Case(KdElementType.Float32, 4, 16 * 16 * 8 * 8),
        Case(KdElementType.BFloat16, 4, 64 * 64 * 56 * 56),
        Case(KdElementType.Float32, 4, 64 * 16 * 32 * 32),
    ];

    private GpuCase Case(KdElementType type, long blocks, long length)
    {
        var stack = GpuTensor.Input("stack", Draw.Normal(), type, blocks, length);
        var upstream = GpuTensor.Input("upstream", Draw.Normal(), type, blocks, length);
        var result = GpuTensor.Output("result", type, blocks, length);
        var gradient = GpuTensor.Gradient(stack);
        void Forward(CaseMemory memory) =>
            Core.DualRelu.Forward(memory.Matrix(stack), memory.Matrix(result), memory.Queue);
        void Backward(CaseMemory memory) => Core.DualRelu.Backward(
            memory.Matrix(stack), memory.Matrix(upstream), memory.Matrix(gradient), memory.Queue);
        long forward = 2 * stack.Bytes;
        // The gradient needs the primal's signs and no tangent.
        long backward = (2 * stack.Bytes) + (stack.Bytes / blocks);
        return new GpuCase(Op, type, [blocks, length])
        {
            Settings = [],
            Inputs = [stack, upstream],
            Modes =
            [
                new(GpuMode.Forward, [result], forward, Forward),
                new(GpuMode.WithGradient, [result, gradient], forward + backward, memory =>
                {
                    Forward(memory);
                    Backward(memory);
                }),
                new(GpuMode.Backward, [gradient], backward, Backward),
            ],
        };
    }
}
