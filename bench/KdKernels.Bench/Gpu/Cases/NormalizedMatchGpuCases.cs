using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>Rows of Jacobians: as long as an image of ImageNet, or of CIFAR.</summary>
internal sealed class NormalizedMatchGpuCases : GpuCases
{
    public override string Op => "normalized-match";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, 256, 150528),
        Case(KdElementType.Float32, 64, 3072),
        Case(KdElementType.Float32, 64, 150528),
        Case(KdElementType.BFloat16, 256, 150528),
        Case(KdElementType.Float32, 1, 1 << 22),
        Case(KdElementType.Float32, 256, 1000),
    ];

    private GpuCase Case(KdElementType type, long rows, long length)
    {
        var settings = new NormalizedMatchSettings(KdReduction.BatchMean);
        var student = GpuTensor.Input("student", Draw.Normal(), type, rows, length);
        var teacher = GpuTensor.Input("teacher", Draw.Near(student, scale: 0.5), type, rows, length);
        var upstream = GpuTensor.Input("upstream", Draw.Fill(1), KdElementType.Float32);
        var loss = GpuTensor.Output("loss", KdElementType.Float32);
        var gradient = GpuTensor.Gradient(student);
        return new GpuCase(Op, type, [rows, length])
        {
            Settings = new GpuSettings { ["epsilon"] = settings.Epsilon },
            Inputs = [student, teacher, upstream],
            Modes =
            [
                new(GpuMode.Forward, [loss], 2 * student.Bytes, memory => Core.NormalizedMatch.Forward(
                    memory.Matrix(student), memory.Matrix(teacher), settings, memory.Scalar(loss), memory.Queue)),
                new(GpuMode.WithGradient, [loss, gradient], 3 * student.Bytes, memory => Core.NormalizedMatch.ForwardWithGradient(
                    memory.Matrix(student),
                    memory.Matrix(teacher),
                    settings,
                    memory.Scalar(loss),
                    memory.Matrix(gradient),
                    memory.Queue)),
                new(GpuMode.Backward, [gradient], 3 * student.Bytes, memory => Core.NormalizedMatch.Backward(
                    memory.Matrix(student),
                    memory.Matrix(teacher),
                    settings,
                    memory.Scalar(upstream),
                    memory.Matrix(gradient),
                    memory.Queue)),
            ],
        };
    }
}
