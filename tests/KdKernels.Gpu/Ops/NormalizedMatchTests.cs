using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>NormalizedMatch against its oracle: rows that a block holds and longer ones, every reduction, nearly parallel rows.</summary>
internal sealed class NormalizedMatchTests : IOpTests
{
    public string Op => "normalized-match";

    public void Run(TestSession session)
    {
        (int Rows, int Length)[] shapes = session.Quick
            ? [(4, 3072), (3, 9000)]
            : [(64, 3072), (5, 4096), (7, 12288), (4, 150528), (9, 1001), (3, 10001)];
        foreach (var type in Shapes.Types(session))
        {
            foreach (var shape in shapes)
            {
                foreach (var reduction in Enum.GetValues<KdReduction>())
                {
                    session.Test(
                        $"{Op} [{shape.Rows}, {shape.Length}] {type} {reduction}",
                        () => Oracle(session, type, shape.Rows, shape.Length, reduction));
                }
            }

            session.Test($"{Op} {type} repeats", () => Repeats(session, type));
        }

        session.Test($"{Op} nearly parallel rows", () => NearlyParallel(session));
    }

    private static void Oracle(TestSession session, ScalarType type, int rows, int length, KdReduction reduction)
    {
        var student = Logits.Random(3, type, session.Device, rows, length);
        var teacher = Logits.Random(5, type, session.Device, rows, length);
        bool perRow = reduction == KdReduction.None;
        double[] upstream = perRow ? [.. Enumerable.Range(0, rows).Select(i => 0.5 + (i % 3))] : [2];
        var expected = NormalizedMatchOracle.Compute(
            student.Values, teacher.Values, length, 1e-12, (OracleReduction)(int)reduction, upstream);
        var leaf = student.Leaf();
        var loss = KdFunctional.NormalizedMatch(leaf, teacher.OnDevice, reduction);
        Check.True(loss.dtype == ScalarType.Float32 || !session.OnCuda, $"a loss of Float32 but got {loss.dtype}");
        if (perRow) Check.Losses(expected.RowLosses, loss);
        else Check.Loss(expected.Loss, loss);
        loss.backward([perRow ? tensor(upstream).to(loss.dtype).to(session.Device) : full_like(loss, upstream[0])]);
        Check.Gradient(expected.StudentGradient, leaf.grad, type);
    }

    /// <summary>2 − 2 cos has no digits here.</summary>
    private static void NearlyParallel(TestSession session)
    {
        foreach (int length in new[] { 3072, 20000 })
        {
            var teacher = Logits.Random(5, ScalarType.Float32, session.Device, 4, length);
            var noise = Logits.Random(7, ScalarType.Float32, CPU, 4, length).OnDevice;
            var student = Logits.Of(teacher.OnDevice.cpu() * 3 + noise * 1e-4, ScalarType.Float32, session.Device);
            var expected = NormalizedMatchOracle.Compute(student.Values, teacher.Values, length, 1e-12, OracleReduction.None);
            var actual = Check.Values(KdFunctional.NormalizedMatch(student.OnDevice, teacher.OnDevice, KdReduction.None));
            for (int row = 0; row < actual.Length; row++)
            {
                Check.True(
                    Math.Abs(actual[row] - expected.RowLosses[row]) <= 1e-4 * expected.RowLosses[row],
                    $"a loss near {expected.RowLosses[row]:R} but got {actual[row]:R}");
            }
        }
    }

    private static void Repeats(TestSession session, ScalarType type)
    {
        var student = Logits.Random(3, type, session.Device, 20, 9000).OnDevice;
        var teacher = Logits.Random(5, type, session.Device, 20, 9000).OnDevice;
        using var none = no_grad();
        var first = KdFunctional.NormalizedMatch(student, teacher, KdReduction.Sum);
        for (int i = 0; i < 5; i++)
            Check.SameBits(first, KdFunctional.NormalizedMatch(student, teacher, KdReduction.Sum), "loss");
    }
}
