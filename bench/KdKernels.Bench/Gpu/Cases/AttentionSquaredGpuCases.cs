using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>
/// Student's features [B, C, H, W] against a teacher's of the same shape, in both layouts; 7 x 7 pixels are no whole number of
/// vectors.
/// </summary>
internal sealed class AttentionSquaredGpuCases : GpuCases
{
    public override string Op => "attention-squared";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, "nchw", 128, 256, 32, 32),
        Case(KdElementType.Float32, "7x7", 256, 2048, 7, 7),
        Case(KdElementType.Float32, "nchw", 16, 16, 8, 8),
        Case(KdElementType.Float32, "nhwc", 128, 256, 32, 32),
        Case(KdElementType.BFloat16, "nchw", 128, 256, 32, 32),
        Case(KdElementType.Float32, "nchw", 128, 64, 32, 32),
        Case(KdElementType.BFloat16, "7x7", 256, 2048, 7, 7),
        Case(KdElementType.Float32, "nhwc", 256, 2048, 7, 7),
    ];

    private GpuCase Case(KdElementType type, string form, params long[] shape)
    {
        var settings = new AttentionSquaredSettings(
            AttentionForm.Code, Power: 2, ChannelReduction.Mean, Beta: 1, KdReduction.Mean);
        GpuTensor Features(string name) => form == "nhwc"
            ? GpuTensor.Input(name, Draw.Normal(), type, shape).InChannelsLast()
            : GpuTensor.Input(name, Draw.Normal(), type, shape);
        var student = Features("student");
        var teacher = Features("teacher");
        var upstream = GpuTensor.Input("upstream", Draw.Fill(1), KdElementType.Float32);
        var loss = GpuTensor.Output("loss", KdElementType.Float32);
        var gradient = GpuTensor.Gradient(student);
        return new GpuCase(Op, type, shape)
        {
            Form = form,
            Settings = [],
            Inputs = [student, teacher, upstream],
            Modes =
            [
                new(GpuMode.Forward, [loss], 2 * student.Bytes, memory => Core.AttentionSquared.Forward(
                    memory.Map(student), memory.Map(teacher), settings, memory.Scalar(loss), memory.Queue)),
                // The student's features twice: a gradient needs the sample's norm first. Where a sample waits in L2 for it, less
                // comes from memory than this.
                new(GpuMode.WithGradient, [loss, gradient], 4 * student.Bytes, memory => Core.AttentionSquared.ForwardWithGradient(
                    memory.Map(student), memory.Map(teacher), settings, memory.Scalar(loss), memory.Logits(gradient), memory.Queue)),
                new(GpuMode.Backward, [gradient], 4 * student.Bytes, memory => Core.AttentionSquared.Backward(
                    memory.Map(student), memory.Map(teacher), settings, memory.Scalar(upstream), memory.Logits(gradient), memory.Queue)),
            ],
        };
    }
}
