using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>One call of a loss on student and teacher logits.</summary>
internal sealed record PairCall(KdReduction Reduction)
{
    public double Temperature { get; init; } = 4;

    /// <summary>Every third label is the ignored one.</summary>
    public bool Masked { get; init; }

    public bool TeacherGradient { get; init; }

    public bool ClassWeights { get; init; }

    public override string ToString() =>
        $"{Reduction}, T {Temperature}{(Masked ? ", mask" : "")}{(TeacherGradient ? ", teacher" : "")}{(ClassWeights ? ", weights" : "")}";
}

/// <summary>What every loss on two tensors of logits is tested by; the ops say how it is called and what is true.</summary>
internal abstract class PairOpTests : IOpTests
{
    public abstract string Op { get; }

    /// <summary>Whether the op needs labels in every call; <c>null</c>: it takes none at all.</summary>
    protected virtual bool? NeedsLabels => false;

    protected virtual bool HasTeacherGradient => true;

    protected virtual bool HasClassWeights => false;

    protected virtual bool HasLimit => false;

    public virtual void Run(TestSession session)
    {
        RowShape[] shapes = session.Quick
            ? [new(37, 100), new(3, 1030)]
            : [new(37, 100), new(7, 1024), new(5, 1025), new(5, 8192), new(3, 8195), new(2, 32000), new(2, 128256)];
        foreach (var type in Shapes.Types(session))
        {
            foreach (var shape in shapes)
            {
                foreach (var call in Calls(shape)) session.Test($"{Op} {shape} {type} {call}", () => Compare(session, type, shape, call));
            }
            session.Test($"{Op} pixels {type}", () => Pixels(session, type));
            session.Test($"{Op} repeats {type}", () => Repeats(session, type));
        }
    }

    /// <summary>The op.</summary>
    protected abstract Tensor Call(Tensor student, Tensor teacher, PairCall call, Tensor? labels, Tensor? weights, long? dim = null);

    /// <summary>Its oracle.</summary>
    protected abstract TemperedKlOracleResult Truth(
        double[] student, double[] teacher, int classes, PairCall call, long[]? labels, double[]? weights, double[]? upstream);

    private IEnumerable<PairCall> Calls(RowShape shape)
    {
        yield return new(KdReduction.BatchMean);
        yield return new(KdReduction.None) { TeacherGradient = HasTeacherGradient };
        if (shape.Classes > 1024) yield break;
        yield return new(KdReduction.Sum) { Temperature = NeedsLabels is null ? 4 : 1 };
        yield return new(KdReduction.Mean) { Temperature = NeedsLabels is null ? 4 : 50 };
        if (NeedsLabels is not null) yield return new(KdReduction.Mean) { Masked = true };
        if (HasClassWeights) yield return new(KdReduction.BatchMean) { ClassWeights = true };
        if (HasLimit) yield return new(KdReduction.BatchMean) { Temperature = double.PositiveInfinity, TeacherGradient = true };
    }

    private void Compare(TestSession session, ScalarType type, RowShape shape, PairCall call)
    {
        int seed = (31 * shape.Classes) + shape.Rows;
        var student = Normal(seed, type, session, shape.Rows, shape.Classes);
        var teacher = Normal(seed + 1, type, session, shape.Rows, shape.Classes);
        var labels = call.Masked || NeedsLabels == true
            ? Labels.Random(5, session.Device, shape.Rows, shape.Classes, call.Masked ? 3 : 0)
            : null;
        var weights = call.ClassWeights
            ? Logits.Of(rand([1, shape.Classes], ScalarType.Float32, generator: new Generator(7, CPU)) + 0.5, ScalarType.Float32, session.Device)
            : null;
        bool perRow = call.Reduction == KdReduction.None;
        double[] upstream = perRow ? [.. Enumerable.Range(0, shape.Rows).Select(i => 1 + (i % 5 * 0.5))] : [3];
        var truth = Truth(student.Values, teacher.Values, shape.Classes, call, labels?.Values, weights?.Values, upstream);

        Tensor leaf = student.Leaf(), other = call.TeacherGradient ? teacher.Leaf() : teacher.OnDevice;
        var loss = Call(leaf, other, call, labels?.OnDevice, weights?.OnDevice.reshape(shape.Classes));
        Check.True(loss.dtype == ScalarType.Float32, $"a loss of Float32 but got {loss.dtype}");
        if (perRow) Check.Losses(truth.RowLosses, loss);
        else Check.Loss(truth.Loss, loss);
        loss.backward([perRow ? tensor(upstream).to(loss.dtype).to(session.Device) : full_like(loss, upstream[0])]);
        Check.Gradient(truth.StudentGradient, leaf.grad, type);
        if (call.TeacherGradient) Check.Gradient(truth.TeacherGradient, other.grad, type, "teacher's gradient");
    }

    /// <summary>[N, C, H, W] gives what its rows give when they are copied into [N·H·W, C].</summary>
    private void Pixels(TestSession session, ScalarType type)
    {
        var call = new PairCall(KdReduction.Mean);
        var student = Normal(3, type, session, 2 * 7 * 9, 21);
        var teacher = Normal(4, type, session, 2 * 7 * 9, 21);
        var labels = NeedsLabels == true ? Labels.Random(6, session.Device, 2 * 7 * 9, 21, 0) : null;
        var truth = Truth(student.Values, teacher.Values, 21, call, labels?.Values, null, null);
        var leaf = Images(student.OnDevice).requires_grad_();
        var loss = Call(leaf, Images(teacher.OnDevice), call, labels?.OnDevice.reshape(2, 7, 9), null, dim: 1);
        Check.Loss(truth.Loss, loss);
        loss.backward();
        Check.Gradient(truth.StudentGradient, leaf.grad!.permute(0, 2, 3, 1).contiguous(), type);

        static Tensor Images(Tensor rows) => rows.reshape(2, 7, 9, 21).permute(0, 3, 1, 2).contiguous().detach();
    }

    private void Repeats(TestSession session, ScalarType type)
    {
        var student = Normal(8, type, session, 300, 100);
        var teacher = Normal(9, type, session, 300, 100);
        var labels = NeedsLabels == true ? Labels.Random(10, session.Device, 300, 100, 6) : null;
        var (first, firstGradient) = Once();
        for (int i = 1; i < 10; i++)
        {
            var (again, gradient) = Once();
            Check.SameBits(first, again, $"call {i}'s loss");
            Check.SameBits(firstGradient, gradient, $"call {i}'s gradient");
        }

        (Tensor Loss, Tensor Gradient) Once()
        {
            var leaf = student.Leaf();
            var loss = Call(leaf, teacher.OnDevice, new PairCall(KdReduction.BatchMean), labels?.OnDevice, null);
            loss.backward();
            return (loss.detach(), leaf.grad!);
        }
    }

    /// <summary>Without outliers: where one class has everything on both sides, a bounded loss has no gradient to compare.</summary>
    private static Logits Normal(int seed, ScalarType type, TestSession session, long rows, long classes) => Logits.Of(
        randn([rows, classes], ScalarType.Float32, generator: new Generator((ulong)seed, CPU)) * 3, type, session.Device);

    protected static OracleReduction Reduction(PairCall call) => (OracleReduction)(int)call.Reduction;
}
