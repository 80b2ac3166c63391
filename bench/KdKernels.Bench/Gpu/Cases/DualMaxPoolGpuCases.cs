using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>Blocks, planes, height, width; windows of 2 x 2 side by side, and the 3 x 3 ones of ResNets, which overlap.</summary>
internal sealed class DualMaxPoolGpuCases : GpuCases
{
    public override string Op => "dual-max-pool";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, kernel: 3, stride: 2, padding: 1, 4, 16 * 64, 112, 112),
        Case(KdElementType.Float32, kernel: 2, stride: 2, padding: 0, 4, 16 * 16, 16, 16),
        Case(KdElementType.Float32, kernel: 2, stride: 2, padding: 0, 4, 64 * 64, 56, 56),
        Case(KdElementType.BFloat16, kernel: 3, stride: 2, padding: 1, 4, 16 * 64, 112, 112),
        Case(KdElementType.Float32, kernel: 3, stride: 2, padding: 1, 4, 16 * 16, 16, 16),
    ];

    private GpuCase Case(KdElementType type, int kernel, int stride, int padding, params long[] shape)
    {
        var image = new PoolSize((int)shape[2], (int)shape[3]);
        var settings = new DualMaxPoolSettings(
            image, new(kernel, kernel), new(stride, stride), new(padding, padding), Dilation: new(1, 1), Ceiling: false);
        long[] pooled = [shape[0], shape[1], settings.Output.Height, settings.Output.Width];
        var stack = GpuTensor.Input("stack", Draw.Normal(), type, shape);
        var upstream = GpuTensor.Input("upstream", Draw.Normal(), type, pooled);
        var result = GpuTensor.Output("result", type, pooled);
        var gradient = GpuTensor.Gradient(stack);
        void Forward(CaseMemory memory) =>
            Core.DualMaxPool.Forward(Planes(memory, stack), settings, Planes(memory, result), memory.Queue);
        void Backward(CaseMemory memory) => Core.DualMaxPool.Backward(
            Planes(memory, stack), settings, Planes(memory, upstream), Planes(memory, gradient), memory.Queue);
        long forward = stack.Bytes + result.Bytes;
        // Tangents are not needed to know where the maxima are.
        long backward = (stack.Bytes / shape[0]) + upstream.Bytes + gradient.Bytes;
        return new GpuCase(Op, type, shape)
        {
            Form = $"{kernel}x{kernel}",
            Settings = new GpuSettings { ["kernel"] = kernel, ["stride"] = stride, ["padding"] = padding },
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

    private static RowsView Planes(CaseMemory memory, GpuTensor tensor) =>
        memory.Rows(tensor, tensor.Shape[0], tensor.Shape[1], tensor.Shape[2] * tensor.Shape[3]);
}
