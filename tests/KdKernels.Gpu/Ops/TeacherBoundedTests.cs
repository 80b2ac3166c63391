using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>TeacherBounded.</summary>
internal sealed class TeacherBoundedTests : IOpTests
{
    public string Op => "teacher-bounded";

    public void Run(TestSession session)
    {
        foreach (var type in Shapes.Types(session))
        {
            foreach (int boxes in session.OnCuda ? new[] { 1, 37, 2048, 16385, 100000 } : [1, 37, 300])
            {
                foreach (var reduction in Enum.GetValues<KdReduction>())
                {
                    foreach (bool masked in new[] { false, true })
                    {
                        session.Test(
                            $"{Op} [{boxes},4] {type} {reduction}{(masked ? " foreground" : "")}",
                            () => Boxes(session, type, boxes, reduction, masked));
                    }
                }
            }
        }
    }

    private static void Boxes(TestSession session, ScalarType type, int boxes, KdReduction reduction, bool masked)
    {
        var student = Logits.Random(1, type, session.Device, boxes, 4);
        var teacher = Logits.Random(2, type, session.Device, boxes, 4);
        var target = Logits.Random(3, type, session.Device, boxes, 4);
        long[]? foreground = masked ? [.. Enumerable.Range(0, boxes).Select(i => i % 3 == 1 ? 0L : 1)] : null;
        double[] upstream = reduction == KdReduction.None ? [.. Enumerable.Range(0, boxes).Select(i => 1 + i % 3 * 0.5)] : [3];
        var expected = TeacherBoundedOracle.Compute(
            student.Values, teacher.Values, target.Values, 4, 0.5, Enum.Parse<OracleReduction>(reduction.ToString()), boundWeight: 0.5,
            smoothL1: true, foreground: foreground, upstream: upstream);
        var leaf = student.Leaf();
        var loss = KdFunctional.TeacherBounded(
            leaf, teacher.OnDevice, target.OnDevice, 0.5, reduction, foreground is null ? null : tensor(foreground).to(session.Device),
            boundWeight: 0.5, smoothL1: true);
        Check.Losses(reduction == KdReduction.None ? expected.BoxLosses : [expected.Loss], loss.reshape(upstream.Length));
        loss.backward([tensor(upstream).to(loss.dtype).to(session.Device).reshape(loss.shape)]);
        Check.Gradient(expected.StudentGradient, leaf.grad, type);
    }
}
