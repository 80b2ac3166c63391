using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>The same rows in other places: slices, misaligned starts, transposed, images, repeated. Nothing may be
/// copied wrongly, read beyond its end, or written beside its place.</summary>
internal static class LayoutTests
{
    private const double Temperature = 4;

    public static void Run(TestSession session)
    {
        foreach (var type in Shapes.Types(session))
        {
            foreach (var shape in session.Quick ? [new(9, 100)] : new RowShape[] { new(37, 100), new(37, 1000),
                new(9, 4096), new(5, 32001), new(3, 70001) })
                Rows(session, type, shape);
            foreach (var (n, c, h, w) in Shapes.Pixels(session.Quick))
            {
                session.Test(
                    $"pixels [{n},{c},{h},{w}] {type}", () => Pixels(session, type, n, c, h, w, channelsLast: false));
                session.Test(
                    $"pixels channels last [{n},{c},{h},{w}] {type}", () => Pixels(session, type, n, c, h, w, channelsLast: true));
            }
            session.Test($"[batch, time, classes], a slice, {type}", () => Sequence(session, type));
        }
    }

    private static void Rows(TestSession session, ScalarType type, RowShape shape)
    {
        int c = shape.Classes;
        // Each gives [rows, classes] with the values of its argument in another layout.
        (string Name, Func<Tensor, Tensor> Student, Func<Tensor, Tensor> Teacher)[] layouts =
        [
            ("both in wider rows", x => InWiderRows(x, 5, 0), x => InWiderRows(x, 5, 0)),
            ("both misaligned by 1", x => InWiderRows(x, 8, 1), x => InWiderRows(x, 8, 1)),
            ("both misaligned by 3", x => InWiderRows(x, 8, 3), x => InWiderRows(x, 8, 3)),
            ("differently misaligned", x => InWiderRows(x, 8, 1), x => InWiderRows(x, 8, 2)),
            ("only the teacher misaligned", x => x, x => InWiderRows(x, 1, 1)),
            ("every second element", EverySecond, EverySecond),
            ("transposed", Transposed, Transposed),
            ("transposed student", Transposed, x => x),
        ];
        foreach (var (name, student, teacher) in layouts)
            session.Test($"{name} [{shape.Rows},{c}] {type}", () => Compare(session, type, shape, student, teacher));
        session.Test($"one teacher row for all {shape} {type}", () => RepeatedTeacher(session, type, shape));
    }

    private static void Compare(
        TestSession session, ScalarType type, RowShape shape, Func<Tensor, Tensor> ofStudent, Func<Tensor, Tensor> ofTeacher)
    {
        var student = Logits.Random(3, type, session.Device, shape.Rows, shape.Classes);
        var teacher = Logits.Random(5, type, session.Device, shape.Rows, shape.Classes);
        var kl = TemperedKlOracle.Compute(student.Values, teacher.Values, shape.Classes, Temperature,
            OracleReduction.BatchMean);
        var leaf = ofStudent(student.OnDevice).detach().requires_grad_();
        var loss = KdFunctional.TemperedKl(leaf, ofTeacher(teacher.OnDevice), Temperature, KdReduction.BatchMean);
        Check.Loss(kl.Loss, loss);
        loss.backward();
        Check.Gradient(kl.StudentGradient, leaf.grad, type);

        var entropy = SoftmaxEntropyOracle.Compute(student.Values, shape.Classes, Temperature, OracleReduction.None);
        var logits = ofStudent(student.OnDevice).detach().requires_grad_();
        var entropies = KdFunctional.SoftmaxEntropy(logits, Temperature, KdReduction.None);
        Check.Losses(entropy.RowEntropies, entropies, "entropies");
        entropies.sum().backward();
        Check.Gradient(entropy.Gradient, logits.grad, type, "entropy's gradient");
    }

    private static void RepeatedTeacher(TestSession session, ScalarType type, RowShape shape)
    {
        var student = Logits.Random(7, type, session.Device, shape.Rows, shape.Classes);
        var teacher = Logits.Random(11, type, session.Device, 1, shape.Classes);
        double[] repeated = [.. Enumerable.Range(0, shape.Rows).SelectMany(_ => teacher.Values)];
        var kl = TemperedKlOracle.Compute(student.Values, repeated, shape.Classes, Temperature,
            OracleReduction.BatchMean);
        var leaf = student.Leaf();
        var loss = KdFunctional.TemperedKl(
            leaf, teacher.OnDevice.expand(shape.Rows, shape.Classes), Temperature, KdReduction.BatchMean);
        Check.Loss(kl.Loss, loss);
        loss.backward();
        Check.Gradient(kl.StudentGradient, leaf.grad, type);
    }

    private static void Pixels(TestSession session, ScalarType type, int n, int c, int h, int w, bool channelsLast)
    {
        // The oracle sees rows of classes, [n, h, w, c]; the op sees dimension 1 of [n, c, h, w].
        int rows = n * h * w;
        var student = Logits.Random(13, type, session.Device, rows, c);
        var teacher = Logits.Random(17, type, session.Device, rows, c);
        var labels = Labels.Random(19, session.Device, rows, c, ignoreEvery: 5);
        var kl = TemperedKlOracle.Compute(student.Values, teacher.Values, c, Temperature, OracleReduction.BatchMean);
        var hinton = HintonLossOracle.Compute(
            student.Values, teacher.Values, labels.Values, c, 0.7, Temperature, OracleReduction.BatchMean, ignoreIndex: Labels.Ignored);
        var entropy = SoftmaxEntropyOracle.Compute(student.Values, c, Temperature, OracleReduction.BatchMean);

        var leaf = Image(student.OnDevice).requires_grad_();
        var loss = KdFunctional.TemperedKl(leaf, Image(teacher.OnDevice), Temperature, KdReduction.BatchMean, dim: 1);
        Check.Loss(kl.Loss, loss);
        loss.backward();
        Check.Gradient(kl.StudentGradient, Back(leaf.grad), type);

        leaf = Image(student.OnDevice).requires_grad_();
        using var result = KdFunctional.HintonLoss(
            leaf, Image(teacher.OnDevice), labels.OnDevice.reshape(n, h,
                w), Temperature, 0.7, KdReduction.BatchMean, dim: 1);
        Check.Loss(hinton.Loss, result.Loss, "Hinton loss");
        result.Loss.backward();
        Check.Gradient(hinton.StudentGradient, Back(leaf.grad), type, "Hinton gradient");

        leaf = Image(student.OnDevice).requires_grad_();
        var mean = KdFunctional.SoftmaxEntropy(leaf, Temperature, KdReduction.BatchMean, dim: 1);
        Check.Loss(entropy.Loss, mean, "entropy");
        mean.backward();
        Check.Gradient(entropy.Gradient, Back(leaf.grad), type, "entropy's gradient");

        Tensor Image(Tensor rowsOfClasses)
        {
            var permuted = rowsOfClasses.reshape(n, h, w, c).permute(0, 3, 1, 2);
            return (channelsLast ? permuted : permuted.contiguous()).detach();
        }

        Tensor? Back(Tensor? gradient) => gradient?.permute(0, 2, 3, 1);
    }

    private static void Sequence(TestSession session, ScalarType type)
    {
        const int batch = 4, time = 6, classes = 300;
        var student = Logits.Random(23, type, session.Device, batch * time, classes);
        var teacher = Logits.Random(29, type, session.Device, batch * time, classes);
        var kl = TemperedKlOracle.Compute(student.Values, teacher.Values, classes, Temperature,
            OracleReduction.BatchMean);
        var leaf = Later(student.OnDevice).detach().requires_grad_();
        var loss = KdFunctional.TemperedKl(leaf, Later(teacher.OnDevice), Temperature, KdReduction.BatchMean, dim: -1);
        Check.Loss(kl.Loss, loss);
        loss.backward();
        Check.Gradient(kl.StudentGradient, leaf.grad, type);

        // What a language model's loss does: all positions but the first.
        Tensor Later(Tensor rows)
        {
            var longer = full([batch, time + 1, classes], double.NaN, type, session.Device);
            longer.narrow(1, 1, time).copy_(rows.reshape(batch, time, classes));
            return longer.narrow(1, 1, time);
        }
    }

    /// <summary>NaN lies around the rows: whoever reads it gets a NaN loss.</summary>
    private static Tensor InWiderRows(Tensor rows, long extra, long start)
    {
        var wide = full([rows.shape[0], rows.shape[1] + extra], double.NaN, rows.dtype, rows.device);
        var inside = wide.narrow(1, start, rows.shape[1]);
        inside.copy_(rows);
        return inside;
    }

    private static Tensor EverySecond(Tensor rows)
    {
        var wide = full([rows.shape[0], rows.shape[1], 2], double.NaN, rows.dtype, rows.device);
        var inside = wide.select(2, 0);
        inside.copy_(rows);
        return inside;
    }

    private static Tensor Transposed(Tensor rows) => rows.t().contiguous().t();
}
