using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>The matrices of student and teacher, their distance, and the gradients of the student's two layers.</summary>
internal sealed class FspLossGpuCases : GpuCases
{
    public override string Op => "fsp-loss";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, allowTf32: false, 128, 64, 64, 32, 32),
        Case(KdElementType.Float32, allowTf32: true, 128, 64, 64, 32, 32),
        Case(KdElementType.Float32, allowTf32: false, 8, 16, 16, 16, 16),
        Case(KdElementType.BFloat16, allowTf32: false, 128, 64, 64, 32, 32),
        Case(KdElementType.Float32, allowTf32: true, 128, 256, 512, 14, 14),
        Case(KdElementType.Float32, allowTf32: false, 128, 256, 512, 14, 14),
    ];

    private GpuCase Case(
        KdElementType type, bool allowTf32, long batch, long channels1, long channels2, long height, long width)
    {
        var settings = new FspLossSettings(FspForm.Paper, FspPooling.Max, KdReduction.BatchMean) { AllowTf32 = allowTf32 };
        GpuTensor Features(string name, long channels) =>
            GpuTensor.Input(name, Draw.Normal(), type, batch, channels, height, width);
        var student1 = Features("student1", channels1);
        var student2 = Features("student2", channels2);
        var teacher1 = Features("teacher1", channels1);
        var teacher2 = Features("teacher2", channels2);
        var upstream = GpuTensor.Input("upstream", Draw.Fill(1), KdElementType.Float32);
        var loss = GpuTensor.Output("loss", KdElementType.Float32);
        var gradient1 = GpuTensor.Gradient(student1);
        var gradient2 = GpuTensor.Gradient(student2);
        long features = student1.Bytes + student2.Bytes;
        long flops = 2 * batch * channels1 * channels2 * height * width;
        return new GpuCase(Op, type, [batch, channels1, channels2, height, width])
        {
            Form = FspGramGpuCases.Form(type, allowTf32),
            Settings = new GpuSettings { ["tf32"] = allowTf32 },
            Inputs = [student1, student2, teacher1, teacher2, upstream],
            Modes =
            [
                new(GpuMode.Forward, [loss], 2 * features, memory => Core.FspLoss.Forward(
                    memory.Map(student1),
                    memory.Map(student2),
                    memory.Map(teacher1),
                    memory.Map(teacher2),
                    settings,
                    memory.Scalar(loss),
                    memory.Queue))
                {
                    Flops = 2 * flops,
                },
                // The products' difference stands between loss and gradients: the student's features are read again.
                new(GpuMode.WithGradient, [loss, gradient1, gradient2], 4 * features, memory => Core.FspLoss.ForwardWithGradient(
                    memory.Map(student1),
                    memory.Map(student2),
                    memory.Map(teacher1),
                    memory.Map(teacher2),
                    settings,
                    memory.Scalar(loss),
                    memory.Logits(gradient1),
                    memory.Logits(gradient2),
                    memory.Queue))
                {
                    Flops = 4 * flops,
                },
                new(GpuMode.Backward, [gradient1, gradient2], 4 * features, memory => Core.FspLoss.Backward(
                    memory.Map(student1),
                    memory.Map(student2),
                    memory.Map(teacher1),
                    memory.Map(teacher2),
                    settings,
                    memory.Scalar(upstream),
                    memory.Logits(gradient1),
                    memory.Logits(gradient2),
                    memory.Queue))
                {
                    Flops = 4 * flops,
                },
            ],
        };
    }
}
