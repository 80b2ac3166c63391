using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>Boxes of four offsets, a third of them foreground, with the smooth L1 loss beside the bounded one.</summary>
internal sealed class TeacherBoundedGpuCases : GpuCases
{
    private const double Margin = 0.5;
    private const double BoundWeight = 0.5;
    private const double Beta = 1;

    public override string Op => "teacher-bounded";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, 1 << 22, 4),
        Case(KdElementType.Float32, 2048, 4),
        Case(KdElementType.Float32, 65536, 4),
        Case(KdElementType.BFloat16, 1 << 22, 4),
    ];

    private GpuCase Case(KdElementType type, long boxes, long offsets)
    {
        var student = GpuTensor.Input("student", Draw.Normal(), type, boxes, offsets);
        var teacher = GpuTensor.Input("teacher", Draw.Normal(0.7), type, boxes, offsets);
        var target = GpuTensor.Input("target", Draw.Normal(0.5), type, boxes, offsets);
        // Class 0 is background.
        var foreground = GpuTensor.Input("foreground", Draw.Integers(3), KdElementType.Int64, boxes);
        var upstream = GpuTensor.Input("upstream", Draw.Fill(1), KdElementType.Float32);
        var loss = GpuTensor.Output("loss", KdElementType.Float32);
        var gradient = GpuTensor.Gradient(student);
        TeacherBoundedSettings Settings(CaseMemory memory) => new(Margin, KdReduction.BatchMean)
        {
            BoundWeight = BoundWeight,
            SmoothL1 = true,
            Beta = Beta,
            Foreground = memory.PerRow(foreground),
        };
        long inputs = (3 * student.Bytes) + foreground.Bytes;
        return new GpuCase(Op, type, [boxes, offsets])
        {
            Settings = new GpuSettings
            {
                ["margin"] = Margin,
                ["bound_weight"] = BoundWeight,
                ["smooth_l1"] = true,
                ["beta"] = Beta,
            },
            Inputs = [student, teacher, target, foreground, upstream],
            Modes =
            [
                new(GpuMode.Forward, [loss], inputs, memory => Core.TeacherBounded.Forward(
                    memory.Matrix(student),
                    memory.Matrix(teacher),
                    memory.Matrix(target),
                    Settings(memory),
                    memory.Scalar(loss),
                    memory.Queue)),
                new(GpuMode.WithGradient, [loss, gradient], inputs + gradient.Bytes, memory =>
                    Core.TeacherBounded.ForwardWithGradient(
                        memory.Matrix(student),
                        memory.Matrix(teacher),
                        memory.Matrix(target),
                        Settings(memory),
                        memory.Scalar(loss),
                        memory.Matrix(gradient),
                        memory.Queue)),
                new(GpuMode.Backward, [gradient], inputs + gradient.Bytes, memory => Core.TeacherBounded.Backward(
                    memory.Matrix(student),
                    memory.Matrix(teacher),
                    memory.Matrix(target),
                    Settings(memory),
                    memory.Scalar(upstream),
                    memory.Matrix(gradient),
                    memory.Queue)),
            ],
        };
    }
}
