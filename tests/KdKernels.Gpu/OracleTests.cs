using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>Every op against its float64 oracle, over types, shapes and options.</summary>
internal static class OracleTests
{
    private const double Temperature = 4;
    private const double Alpha = 0.9;
    private static readonly RowShape[] OptionShapes = [new(19, 100), new(7, 1000), new(5, 4096), new(3, 33000)];

    public static void Run(TestSession session)
    {
        foreach (var type in Shapes.Types(session))
        {
            foreach (var shape in Shapes.Rows(session.Quick))
            {
                session.Test($"tempered-kl {shape} {type}", () => TemperedKl(session, type, shape));
                if (shape.Rows == 0) continue;
                session.Test(
                    $"hinton-loss {shape} {type}", () => HintonLoss(session, type, shape, KdReduction.BatchMean));
                session.Test(
                    $"softmax-entropy {shape} {type}", () => SoftmaxEntropy(session, type, shape, KdReduction.BatchMean));
            }
            foreach (var shape in Shapes.Split(session.Quick))
                session.Test($"split rows {shape} {type}", () => SplitRows(session, type, shape));
            foreach (var shape in session.Quick ? OptionShapes[..2] : OptionShapes) Options(session, type, shape);
        }
    }

    private static void Options(TestSession session, ScalarType type, RowShape shape)
    {
        foreach (var reduction in Enum.GetValues<KdReduction>())
        {
            session.Test(
                $"tempered-kl {shape} {type} {reduction}", () => Options(session, type, shape, new() { Reduction = reduction }));
            session.Test($"hinton-loss {shape} {type} {reduction}", () => HintonLoss(session, type, shape, reduction));
            session.Test(
                $"softmax-entropy {shape} {type} {reduction}", () => SoftmaxEntropy(session, type, shape, reduction));
        }
        session.Test(
            $"tempered-kl {shape} {type} ignored rows", () => Options(session, type, shape, new() { Masked = true }));
        session.Test(
            $"tempered-kl {shape} {type} class weights", () => Options(session, type, shape, new() { Weighted = true }));
        session.Test(
            $"tempered-kl {shape} {type} weights and mask", () => Options(session, type, shape, new() { Weighted = true, Masked = true }));
        session.Test(
            $"tempered-kl {shape} {type} without T²", () => Options(session, type, shape, new() { TSquared = false }));
        session.Test(
            $"tempered-kl {shape} {type} T = ∞", () => Options(session, type, shape, new() { Temperature = double.PositiveInfinity }));
        session.Test(
            $"tempered-kl {shape} {type} T = 1", () => Options(session, type, shape, new() { Temperature = 1 }));
        session.Test(
            $"tempered-kl {shape} {type} teacher gradient", () => Options(session, type, shape, new() { TeacherGradient = true }));
        session.Test($"tempered-kl {shape} {type} excluded classes", () => ExcludedClasses(session, type, shape));
        session.Test($"tempered-kl {shape} {type} a NaN stays in its row", () => NaNRow(session, type, shape));
        session.Test($"tempered-kl {shape} {type} identical logits", () => IdenticalLogits(session, type, shape));
    }

    private static void TemperedKl(TestSession session, ScalarType type, RowShape shape) =>
        Options(session, type, shape, new());

    private static void Options(TestSession session, ScalarType type, RowShape shape, KlOptions options)
    {
        var student = Logits.Random(11 * shape.Classes + shape.Rows, type, session.Device, shape.Rows, shape.Classes);
        var teacher = Logits.Random(13 * shape.Classes + shape.Rows, type, session.Device, shape.Rows, shape.Classes);
        var weights = options.Weighted ? Weights(session, shape.Classes) : null;
        var labels = options.Masked ? Labels.Random(5, session.Device, shape.Rows, shape.Classes,
            ignoreEvery: 3) : null;
        bool perRow = options.Reduction == KdReduction.None;
        double[] upstream = perRow ? [.. Enumerable.Range(0, shape.Rows).Select(i => 1 + i % 5 * 0.5)] : [3];
        var expected = TemperedKlOracle.Compute(
            student.Values, teacher.Values, shape.Classes, options.Temperature, Oracle(
                options.Reduction), options.TSquared,
            weights?.Values, labels?.Values, Labels.Ignored, upstream);

        using (no_grad()) CheckLoss(expected, Call(student.OnDevice, teacher.OnDevice));
        Tensor studentLeaf = student.Leaf(), teacherLeaf = options.TeacherGradient ? teacher.Leaf() : teacher.OnDevice;
        var loss = Call(studentLeaf, teacherLeaf);
        CheckLoss(expected, loss);
        loss.backward([perRow ? tensor(upstream).to(loss.dtype).to(session.Device) : full_like(loss, upstream[0])]);
        Check.Gradient(expected.StudentGradient, studentLeaf.grad, type);
        if (options.TeacherGradient) Check.Gradient(expected.TeacherGradient, teacherLeaf.grad, type,
            "teacher's gradient");

        Tensor Call(Tensor s, Tensor t) => KdFunctional.TemperedKl(
            s, t, options.Temperature, options.Reduction, weights?.OnDevice.reshape(shape.Classes), labels?.OnDevice,
            tSquared: options.TSquared);

        void CheckLoss(TemperedKlOracleResult oracle, Tensor actual)
        {
            // Losses of half-precision logits are float32.
            Check.True(actual.dtype == ScalarType.Float32, $"a loss of Float32 but got {actual.dtype}");
            if (perRow) Check.Losses(oracle.RowLosses, actual);
            else Check.Loss(oracle.Loss, actual);
        }
    }

    private static void SplitRows(TestSession session, ScalarType type, RowShape shape)
    {
        var student = Logits.Random(1, type, session.Device, shape.Rows, shape.Classes);
        var teacher = Logits.Random(2, type, session.Device, shape.Rows, shape.Classes);
        var labels = Labels.Random(3, session.Device, shape.Rows, shape.Classes, ignoreEvery: 0);
        using var none = no_grad();
        foreach (var reduction in new[] { KdReduction.None, KdReduction.BatchMean })
        {
            var kl = TemperedKlOracle.Compute(student.Values, teacher.Values, shape.Classes, Temperature,
                Oracle(reduction));
            var loss = KdFunctional.TemperedKl(student.OnDevice, teacher.OnDevice, Temperature, reduction);
            if (reduction == KdReduction.None) Check.Losses(kl.RowLosses, loss);
            else Check.Loss(kl.Loss, loss);
        }
        var hinton = HintonLossOracle.Compute(
            student.Values, teacher.Values, labels.Values, shape.Classes, Alpha, Temperature, OracleReduction.BatchMean);
        using var result = KdFunctional.HintonLoss(
            student.OnDevice, teacher.OnDevice, labels.OnDevice, Temperature, Alpha, KdReduction.BatchMean);
        Check.Loss(hinton.Loss, result.Loss, "Hinton loss");
        var entropy = SoftmaxEntropyOracle.Compute(student.Values, shape.Classes, Temperature,
            OracleReduction.BatchMean);
        Check.Loss(entropy.Loss, KdFunctional.SoftmaxEntropy(student.OnDevice, Temperature, KdReduction.BatchMean),
            "entropy");
    }

    private static void HintonLoss(TestSession session, ScalarType type, RowShape shape, KdReduction reduction)
    {
        var student = Logits.Random(17 * shape.Classes + shape.Rows, type, session.Device, shape.Rows, shape.Classes);
        var teacher = Logits.Random(19 * shape.Classes + shape.Rows, type, session.Device, shape.Rows, shape.Classes);
        var labels = Labels.Random(7, session.Device, shape.Rows, shape.Classes, ignoreEvery: 4);
        bool perRow = reduction == KdReduction.None;
        double[] upstream = perRow ? [.. Enumerable.Range(0, shape.Rows).Select(i => 0.5 + i % 3)] : [2];
        var expected = HintonLossOracle.Compute(
            student.Values, teacher.Values, labels.Values, shape.Classes, Alpha, Temperature, Oracle(reduction),
            ignoreIndex: Labels.Ignored, upstream: upstream);
        double divisor = reduction switch
        {
            KdReduction.Mean => (double)Valid(labels) * shape.Classes,
            KdReduction.BatchMean => Valid(labels),
            _ => 1,
        };

        var leaf = student.Leaf();
        using var result = KdFunctional.HintonLoss(leaf, teacher.OnDevice, labels.OnDevice, Temperature, Alpha,
            reduction);
        if (perRow)
        {
            Check.Losses(expected.RowLosses, result.Loss);
            Check.Losses(expected.CrossEntropies, result.CrossEntropy, "cross-entropies");
            Check.Losses(expected.Divergences, result.Kl, "divergences");
            Check.Losses(expected.StudentEntropies, result.StudentEntropy, "student entropies");
            Check.Losses([.. expected.Hits.Select(hit => hit ? 1.0 : 0)], result.Top1Hits, "hits");
        }
        else
        {
            Check.Loss(expected.Loss, result.Loss);
            Check.Loss(expected.CrossEntropies.Sum() / divisor, result.CrossEntropy, "cross-entropy");
            Check.Loss(expected.Divergences.Sum() / divisor, result.Kl, "divergence");
            Check.Loss(expected.StudentEntropies.Sum() / Valid(labels), result.StudentEntropy, "student entropy");
            Check.Loss(expected.TeacherEntropies.Sum() / Valid(labels), result.TeacherEntropy, "teacher entropy");
        }
        result.Loss.backward(
            [perRow ? tensor(upstream).to(result.Loss.dtype).to(session.Device) : full_like(result.Loss, upstream[0])]);
        Check.Gradient(expected.StudentGradient, leaf.grad, type);
    }

    private static void SoftmaxEntropy(TestSession session, ScalarType type, RowShape shape, KdReduction reduction)
    {
        var logits = Logits.Random(23 * shape.Classes + shape.Rows, type, session.Device, shape.Rows, shape.Classes);
        var expected = SoftmaxEntropyOracle.Compute(logits.Values, shape.Classes, Temperature, Oracle(reduction));
        var leaf = logits.Leaf();
        var loss = KdFunctional.SoftmaxEntropy(leaf, Temperature, reduction);
        if (reduction == KdReduction.None) Check.Losses(expected.RowEntropies, loss);
        else Check.Loss(expected.Loss, loss);
        loss.sum().backward();
        Check.Gradient(expected.Gradient, leaf.grad, type);
    }

    /// <summary>−∞ in both excludes a class; the row's other classes are as if it were not there.</summary>
    private static void ExcludedClasses(TestSession session, ScalarType type, RowShape shape)
    {
        var mask = arange(shape.Classes, ScalarType.Int64).remainder(7) == 3;
        var student = Logits.Of(Raw(31, shape).masked_fill(mask, double.NegativeInfinity), type, session.Device);
        var teacher = Logits.Of(Raw(37, shape).masked_fill(mask, double.NegativeInfinity), type, session.Device);
        CompareBatchMean(student, teacher, type, shape);
    }

    private static void NaNRow(TestSession session, ScalarType type, RowShape shape)
    {
        var raw = Raw(41, shape);
        raw[1, shape.Classes / 2] = float.NaN;
        var student = Logits.Of(raw, type, session.Device);
        var teacher = Logits.Of(Raw(43, shape), type, session.Device);
        var expected = TemperedKlOracle.Compute(student.Values, teacher.Values, shape.Classes, Temperature,
            OracleReduction.None);
        using var none = no_grad();
        Check.Losses(expected.RowLosses,
            KdFunctional.TemperedKl(student.OnDevice, teacher.OnDevice, Temperature, KdReduction.None));
        Check.Loss(double.NaN,
            KdFunctional.TemperedKl(student.OnDevice, teacher.OnDevice, Temperature, KdReduction.BatchMean));
    }

    /// <summary>Where composed torch operations give noise of either sign, the loss must be tiny and not
    /// negative.</summary>
    private static void IdenticalLogits(TestSession session, ScalarType type, RowShape shape)
    {
        var logits = Logits.Of(Raw(47, shape), type, session.Device);
        using var none = no_grad();
        double[] losses = Check.Values(
            KdFunctional.TemperedKl(logits.OnDevice, logits.OnDevice, Temperature, KdReduction.None));
        Check.True(losses.All(loss => loss is >= 0 and <= 1e-5),
            $"losses in [0, 1e-5] but got {losses.Min():G3} to {losses.Max():G3}");
    }

    private static void CompareBatchMean(Logits student, Logits teacher, ScalarType type, RowShape shape)
    {
        var expected = TemperedKlOracle.Compute(
            student.Values, teacher.Values, shape.Classes, Temperature, OracleReduction.BatchMean);
        var leaf = student.Leaf();
        var loss = KdFunctional.TemperedKl(leaf, teacher.OnDevice, Temperature, KdReduction.BatchMean);
        Check.Loss(expected.Loss, loss);
        loss.backward();
        Check.Gradient(expected.StudentGradient, leaf.grad, type);
    }

    private static Tensor Raw(int seed, RowShape shape) =>
        randn([shape.Rows, shape.Classes], ScalarType.Float32, generator: new Generator((ulong)seed, CPU)) * 3;

    private static Logits Weights(TestSession session, int classes) =>
        Logits.Of(rand([1, classes], ScalarType.Float32, generator: new Generator(53, CPU)) + 0.5, ScalarType.Float32,
            session.Device);

    private static int Valid(Labels labels) => labels.Values.Count(label => label != Labels.Ignored);

    private static OracleReduction Oracle(KdReduction reduction) => (OracleReduction)(int)reduction;

    private sealed record KlOptions
    {
        public double Temperature { get; init; } = OracleTests.Temperature;

        public KdReduction Reduction { get; init; } = KdReduction.BatchMean;

        public bool TSquared { get; init; } = true;

        public bool Masked { get; init; }

        public bool Weighted { get; init; }

        public bool TeacherGradient { get; init; }
    }
}
