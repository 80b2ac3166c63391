using KdKernels.SystemLibTorch;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>Ops inside a captured graph: replayed with other inputs they give what a call gives, bit for bit, and a
/// forward pass is one kernel.</summary>
internal static class GraphTests
{
    private const double Temperature = 4;

    public static void Run(TestSession session)
    {
        foreach (var type in Shapes.Types(session))
        {
            foreach (var shape in new RowShape[] { new(1024, 100), new(256, 1000), new(64, 32000), new(16, 128256),
                new(2, 500000) })
            {
                session.Test($"forward {shape} {type}", () => Forward(session, type, shape));
                session.Test($"forward and backward {shape} {type}", () => ForwardBackward(session, type, shape));
            }
        }
        session.Test("HintonLoss counts its labels in a kernel before", () => CountedLabels(session));
        session.Test("fifty replays leave the scratch memory as they found it", () => ManyReplays(session));
    }

    private static void Forward(TestSession session, ScalarType type, RowShape shape)
    {
        using var none = no_grad();
        var (student, teacher) = (Data(session, type, shape), Data(session, type, shape));
        Compare(
            () => KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean),
            () => Refill(student, teacher), kernels: 1, rounds: 5);
    }

    private static void ForwardBackward(TestSession session, ScalarType type, RowShape shape)
    {
        var (student, teacher) = (Data(session, type, shape).requires_grad_(), Data(session, type, shape));
        var labels = Labels.Random(1, session.Device, shape.Rows, shape.Classes, ignoreEvery: 3).OnDevice;
        Tensor? capturedLoss = null, capturedGradient = null;
        using var graph = Capture(() => (capturedLoss, capturedGradient) = Call());
        for (int round = 0; round < 3; round++)
        {
            using (no_grad()) Refill(student, teacher);
            Replay(graph);
            var expected = Call();
            Check.SameBits(expected.Loss, capturedLoss!, $"replay {round}'s loss");
            Check.SameBits(expected.Gradient, capturedGradient!, $"replay {round}'s gradient");
        }

        (Tensor Loss, Tensor Gradient) Call()
        {
            student.grad = null;
            var loss = KdFunctional.HintonLoss(student, teacher, labels, Temperature, 0.9, KdReduction.BatchMean).Loss;
            loss.backward();
            return (loss.detach(), student.grad!);
        }
    }

    private static void CountedLabels(TestSession session)
    {
        var shape = new RowShape(20000, 50);
        using var none = no_grad();
        var (student, teacher) = (Data(session, ScalarType.Float32, shape), Data(session, ScalarType.Float32, shape));
        var labels = Labels.Random(1, session.Device, shape.Rows, shape.Classes, ignoreEvery: 3).OnDevice;
        Compare(
            () => KdFunctional.HintonLoss(student, teacher, labels, Temperature, 0.9, KdReduction.BatchMean).Loss,
            () => Refill(student, teacher), kernels: 2, rounds: 3);
    }

    private static void ManyReplays(TestSession session)
    {
        var shape = new RowShape(300, 1000);
        using var none = no_grad();
        var (student, teacher) = (Data(session, ScalarType.Float32, shape), Data(session, ScalarType.Float32, shape));
        Compare(
            () => KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean), () =>
                { }, kernels: 1, rounds: 50);
    }

    /// <summary>Captures an op, then replays it with other inputs, each time beside an ordinary call.</summary>
    private static void Compare(Func<Tensor> op, Action refill, int kernels, int rounds)
    {
        Tensor? captured = null;
        using var graph = Capture(() => captured = op());
        // The scratch memory of a capture is zeroed in it once, so what a second call adds is what a call launches.
        using var twice = Capture(() => _ = (op(), op()));
        int added = twice.Kernels - graph.Kernels;
        Check.True(added == kernels, $"{kernels} kernels for a call but got {added}");
        for (int round = 0; round < rounds; round++)
        {
            refill();
            captured!.fill_(double.NaN);
            Replay(graph);
            Check.SameBits(op(), captured!, $"replay {round}'s loss");
        }
    }

    /// <summary>
    /// On a side stream, which nothing else uses while the graph lives: torch does not know of this capture, and would
    /// hand the memory that the graph works in to later calls on that stream.
    /// </summary>
    private static CapturedGraph Capture(Action op)
    {
        cuda.synchronize();
        using var side = LibTorch.UseSideStream();
        // Loads the kernels, and gives torch's allocator the memory that the capture will take.
        for (int i = 0; i < 3; i++)
        {
            using var scope = NewDisposeScope();
            op();
        }
        cuda.synchronize();
        return CapturedGraph.Of(op);
    }

    /// <summary>The graph's stream and the default one do not wait for each other.</summary>
    private static void Replay(CapturedGraph graph)
    {
        cuda.synchronize();
        graph.Replay();
        cuda.synchronize();
    }

    private static void Refill(Tensor student, Tensor teacher)
    {
        student.normal_(0, 3);
        teacher.normal_(0, 3);
    }

    private static Tensor Data(TestSession session, ScalarType type, RowShape shape) =>
        empty([shape.Rows, shape.Classes], type, session.Device).normal_(0, 3);
}
