using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases.LogitPairs;

/// <summary>What a loss between a student's and a teacher's logits is called with.</summary>
internal readonly record struct LogitPair(CaseMemory Memory, GpuTensor StudentTensor, GpuTensor TeacherTensor)
{
    public RowsView Student => Memory.Logits(StudentTensor);

    public RowsView Teacher => Memory.Logits(TeacherTensor);

    public CudaQueue? Queue => Memory.Queue;
}

/// <summary>Cases of the losses between a student's and a teacher's logits, at BatchMean, with the student's gradient.</summary>
internal abstract class LogitPairCases : GpuCases
{
    protected const double Temperature = 4;

    /// <summary>What this loss's methods take besides the logits, made for one case.</summary>
    protected abstract LossOf Describe(KdElementType type, IReadOnlyList<long> shape);

    /// <summary>The most telling first.</summary>
    protected abstract IEnumerable<(KdElementType Type, long[] Shape)> Shapes { get; }

    public override IEnumerable<GpuCase> All() => Shapes.Select(entry => Case(entry.Type, entry.Shape));

    private GpuCase Case(KdElementType type, long[] shape)
    {
        var student = GpuTensor.Input("student", Draw.Normal(3), type, shape);
        var teacher = GpuTensor.Input("teacher", Draw.Near(student), type, shape);
        var upstream = GpuTensor.Input("upstream", Draw.Fill(1), KdElementType.Float32);
        var loss = GpuTensor.Output("loss", KdElementType.Float32);
        var gradient = GpuTensor.Gradient(student);
        LossOf op = Describe(type, shape);
        long inputs = student.Bytes + teacher.Bytes + op.Inputs.Sum(input => input.Bytes);
        return new GpuCase(Op, type, shape)
        {
            Settings = op.Settings,
            Inputs = [student, teacher, .. op.Inputs, upstream],
            Modes =
            [
                new(GpuMode.Forward, [loss, .. op.Outputs], inputs, memory =>
                    op.Forward(new(memory, student, teacher), memory.Scalar(loss))),
                new(GpuMode.WithGradient, [loss, gradient, .. op.Outputs], inputs + gradient.Bytes, memory =>
                    op.WithGradient(
                        new(memory, student, teacher), memory.Scalar(loss), memory.Logits(gradient))),
                new(GpuMode.Backward, [gradient], inputs + gradient.Bytes, memory =>
                    op.Backward(
                        new(memory, student, teacher), memory.Scalar(upstream), memory.Logits(gradient))),
            ],
        };
    }

    /// <summary>A loss with its settings; its three calls get logits, then loss or upstream, then the gradient.</summary>
    protected sealed record LossOf(
        GpuSettings Settings,
        Action<LogitPair, RowsView> Forward,
        Action<LogitPair, RowsView, RowsView> WithGradient,
        Action<LogitPair, RowsView, RowsView> Backward)
    {
        /// <summary>Beside the logits: labels.</summary>
        public IReadOnlyList<GpuTensor> Inputs { get; init; } = [];

        /// <summary>Beside the loss: metrics.</summary>
        public IReadOnlyList<GpuTensor> Outputs { get; init; } = [];
    }
}
