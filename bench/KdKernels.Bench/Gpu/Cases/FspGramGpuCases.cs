using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>Samples, channels of both layers, height, width. float32 by three tf32 products, and by one.</summary>
internal sealed class FspGramGpuCases : GpuCases
{
    public override string Op => "fsp-gram";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, allowTf32: false, 128, 64, 64, 32, 32),
        Case(KdElementType.Float32, allowTf32: true, 128, 64, 64, 32, 32),
        Case(KdElementType.Float32, allowTf32: false, 8, 16, 16, 16, 16),
        Case(KdElementType.BFloat16, allowTf32: false, 128, 64, 64, 32, 32),
        Case(KdElementType.Float32, allowTf32: true, 128, 256, 512, 14, 14),
        Case(KdElementType.Float32, allowTf32: false, 128, 256, 512, 14, 14),
    ];

    /// <summary>What the peers are told by <c>form</c> as well.</summary>
    internal static string Form(KdElementType type, bool allowTf32) =>
        type != KdElementType.Float32 ? "" : allowTf32 ? "tf32" : "float32";

    private GpuCase Case(
        KdElementType type, bool allowTf32, long batch, long channels1, long channels2, long height, long width)
    {
        const FspPooling pooling = FspPooling.Max;
        var first = GpuTensor.Input("features1", Draw.Normal(), type, batch, channels1, height, width);
        var second = GpuTensor.Input("features2", Draw.Normal(), type, batch, channels2, height, width);
        var upstream = GpuTensor.Input("upstream", Draw.Normal(), KdElementType.Float32, batch, channels1, channels2);
        var gram = GpuTensor.Output("gram", KdElementType.Float32, batch, channels1, channels2);
        var byFirst = GpuTensor.Gradient(first);
        var bySecond = GpuTensor.Gradient(second);
        void Forward(CaseMemory memory) => Core.FspGram.Forward(
            memory.Map(first), memory.Map(second), pooling, memory.Batches(gram), allowTf32, memory.Queue);
        void Backward(CaseMemory memory) => Core.FspGram.Backward(
            memory.Map(first),
            memory.Map(second),
            pooling,
            memory.Batches(upstream),
            memory.Logits(byFirst),
            memory.Logits(bySecond),
            allowTf32,
            memory.Queue);
        long features = first.Bytes + second.Bytes;
        long forward = features + gram.Bytes;
        long backward = (2 * features) + upstream.Bytes;
        long flops = 2 * batch * channels1 * channels2 * height * width;
        return new GpuCase(Op, type, [batch, channels1, channels2, height, width])
        {
            Form = Form(type, allowTf32),
            Settings = new GpuSettings { ["tf32"] = allowTf32 },
            Inputs = [first, second, upstream],
            Modes =
            [
                new(GpuMode.Forward, [gram], forward, Forward) { Flops = flops },
                new(GpuMode.WithGradient, [gram, byFirst, bySecond], forward + backward, memory =>
                {
                    Forward(memory);
                    Backward(memory);
                })
                {
                    Flops = 3 * flops,
                },
                new(GpuMode.Backward, [byFirst, bySecond], backward, Backward) { Flops = 2 * flops },
            ],
        };
    }
}
