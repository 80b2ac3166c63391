using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>Features [B, C, H, W] and a variance per channel, with the gradients of both.</summary>
internal sealed class VidLikelihoodGpuCases : GpuCases
{
    public override string Op => "vid-likelihood";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, "", 128, 256, 32, 32),
        Case(KdElementType.Float32, "", 16, 16, 8, 8),
        Case(KdElementType.Float32, "nhwc", 128, 256, 32, 32),
        Case(KdElementType.BFloat16, "", 128, 256, 32, 32),
        Case(KdElementType.Float32, "", 64, 128, 16, 16),
    ];

    private GpuCase Case(KdElementType type, string form, params long[] shape)
    {
        var settings = new VidLikelihoodSettings(KdReduction.Mean) { Epsilon = Core.VidLikelihood.DefaultEpsilon };
        GpuTensor Features(string name, Draw draw) => form == "nhwc"
            ? GpuTensor.Input(name, draw, type, shape).InChannelsLast()
            : GpuTensor.Input(name, draw, type, shape);
        var student = Features("student", Draw.Normal());
        var teacher = Features("teacher", Draw.Near(student));
        var rho = GpuTensor.Input("rho", Draw.Normal(), type, shape[1]);
        var upstream = GpuTensor.Input("upstream", Draw.Fill(1), KdElementType.Float32);
        var loss = GpuTensor.Output("loss", KdElementType.Float32);
        var byStudent = GpuTensor.Gradient(student);
        var byRho = GpuTensor.Gradient(rho);
        return new GpuCase(Op, type, shape)
        {
            Form = form,
            Settings = new GpuSettings { ["epsilon"] = settings.Epsilon },
            Inputs = [student, teacher, rho, upstream],
            Modes =
            [
                new(GpuMode.Forward, [loss], 2 * student.Bytes, memory => Core.VidLikelihood.Forward(
                    memory.Logits(student),
                    memory.Logits(teacher),
                    memory.Vector(rho),
                    settings,
                    memory.Scalar(loss),
                    memory.Queue)),
                new(GpuMode.WithGradient, [loss, byStudent, byRho], 3 * student.Bytes, memory =>
                    Core.VidLikelihood.ForwardWithGradient(
                        memory.Logits(student),
                        memory.Logits(teacher),
                        memory.Vector(rho),
                        settings,
                        memory.Scalar(loss),
                        memory.Logits(byStudent),
                        memory.Vector(byRho),
                        memory.Queue)),
                new(GpuMode.Backward, [byStudent, byRho], 3 * student.Bytes, memory => Core.VidLikelihood.Backward(
                    memory.Logits(student),
                    memory.Logits(teacher),
                    memory.Vector(rho),
                    settings,
                    memory.Scalar(upstream),
                    memory.Logits(byStudent),
                    memory.Vector(byRho),
                    memory.Queue)),
            ],
        };
    }
}
