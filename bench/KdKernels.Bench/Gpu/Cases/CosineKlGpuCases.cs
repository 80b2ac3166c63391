using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases;

/// <summary>Augmented embeddings against normal ones: three of each image, as in the paper.</summary>
internal sealed class CosineKlGpuCases : GpuCases
{
    private const double Temperature = 0.5;

    public override string Op => "cosine-kl";

    public override IEnumerable<GpuCase> All() =>
    [
        Case(KdElementType.Float32, 192, 64, 256),
        Case(KdElementType.Float32, 768, 256, 512),
        Case(KdElementType.Float32, 96, 32, 128),
        Case(KdElementType.BFloat16, 768, 256, 512),
        Case(KdElementType.Float32, 3072, 1024, 512),
    ];

    private GpuCase Case(KdElementType type, long augmented, long normal, long dimension)
    {
        var settings = new CosineKlSettings(Temperature, KdReduction.BatchMean);
        GpuTensor Embeddings(string name, long count) => GpuTensor.Input(name, Draw.Normal(), type, count, dimension);
        var studentAugmented = Embeddings("student_augmented", augmented);
        var studentNormal = Embeddings("student_normal", normal);
        var teacherAugmented = Embeddings("teacher_augmented", augmented);
        var teacherNormal = Embeddings("teacher_normal", normal);
        var upstream = GpuTensor.Input("upstream", Draw.Fill(1), KdElementType.Float32);
        var loss = GpuTensor.Output("loss", KdElementType.Float32);
        var byAugmented = GpuTensor.Gradient(studentAugmented);
        var byNormal = GpuTensor.Gradient(studentNormal);
        long inputs = 2 * (studentAugmented.Bytes + studentNormal.Bytes);
        long outputs = byAugmented.Bytes + byNormal.Bytes;
        long flops = 2 * augmented * normal * dimension;
        return new GpuCase(Op, type, [augmented, normal, dimension])
        {
            Settings = new GpuSettings { ["temperature"] = Temperature },
            Inputs = [studentAugmented, studentNormal, teacherAugmented, teacherNormal, upstream],
            Modes =
            [
                new(GpuMode.Forward, [loss], inputs, memory => Core.CosineKl.Forward(
                    memory.Matrix(studentAugmented),
                    memory.Matrix(studentNormal),
                    memory.Matrix(teacherAugmented),
                    memory.Matrix(teacherNormal),
                    settings,
                    memory.Scalar(loss),
                    memory.Queue))
                {
                    Flops = 2 * flops,
                },
                new(GpuMode.WithGradient, [loss, byAugmented, byNormal], inputs + outputs, memory =>
                    Core.CosineKl.ForwardWithGradient(
                        memory.Matrix(studentAugmented),
                        memory.Matrix(studentNormal),
                        memory.Matrix(teacherAugmented),
                        memory.Matrix(teacherNormal),
                        settings,
                        memory.Scalar(loss),
                        memory.Matrix(byAugmented),
                        memory.Matrix(byNormal),
                        memory.Queue))
                {
                    Flops = 4 * flops,
                },
                new(GpuMode.Backward, [byAugmented, byNormal], inputs + outputs, memory => Core.CosineKl.Backward(
                    memory.Matrix(studentAugmented),
                    memory.Matrix(studentNormal),
                    memory.Matrix(teacherAugmented),
                    memory.Matrix(teacherNormal),
                    settings,
                    memory.Scalar(upstream),
                    memory.Matrix(byAugmented),
                    memory.Matrix(byNormal),
                    memory.Queue))
                {
                    Flops = 4 * flops,
                },
            ],
        };
    }
}
