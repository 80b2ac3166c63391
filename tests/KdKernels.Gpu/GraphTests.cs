using KdKernels.SystemLibTorch;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>Ops inside a captured graph: replayed with other inputs they give what a call gives, bit for bit, and a forward pass
/// is one kernel.</summary>
internal static class GraphTests
{
    private const double Temperature = 4;

    public static void Run(TestSession session)
    {
        foreach (var type in Shapes.Types(session))
        {
            foreach (var shape in new RowShape[] { new(1024, 100), new(256, 1000), new(64, 32000), new(16, 128256), new(2, 500000) })
            {
                session.Test($"forward {shape} {type}", () => Forward(session, type, shape));
                session.Test($"forward and backward {shape} {type}", () => ForwardBackward(session, type, shape));
            }
        }
        session.Test("HintonLoss counts its labels in a kernel before", () => CountedLabels(session));
        session.Test("replays leave the scratch memory zero for calls outside", () => OutsideAfterReplay(session));
    }

    private static void Forward(TestSession session, ScalarType type, RowShape shape)
    {
        using var side = LibTorch.UseSideStream();
        using var none = no_grad();
        var (student, teacher) = (Data(session, type, shape), Data(session, type, shape));
        var op = () => KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean);
        WarmUp(op);
        Tensor? captured = null;
        using var graph = CapturedGraph.Of(() => captured = op());
        Check.True(graph.Kernels == 1, $"1 kernel but got {graph.Kernels}");
        for (int round = 0; round < 5; round++)
        {
            Refill(student, teacher);
            graph.Replay();
            Check.SameBits(op(), captured!, $"replay {round}'s loss");
        }
    }

    private static void ForwardBackward(TestSession session, ScalarType type, RowShape shape)
    {
        using var side = LibTorch.UseSideStream();
        var (student, teacher) = (Data(session, type, shape).requires_grad_(), Data(session, type, shape));
        var labels = Labels.Random(1, session.Device, shape.Rows, shape.Classes, ignoreEvery: 3).OnDevice;
        cuda.synchronize();
        WarmUp(() => Call().Loss);
        (Tensor Loss, Tensor Gradient) captured = default;
        using var graph = CapturedGraph.Of(() => captured = Call());
        for (int round = 0; round < 3; round++)
        {
            using (no_grad()) Refill(student, teacher);
            graph.Replay();
            var expected = Call();
            Check.SameBits(expected.Loss, captured.Loss, $"replay {round}'s loss");
            Check.SameBits(expected.Gradient, captured.Gradient, $"replay {round}'s gradient");
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
        using var side = LibTorch.UseSideStream();
        using var none = no_grad();
        var (student, teacher) = (Data(session, ScalarType.Float32, shape), Data(session, ScalarType.Float32, shape));
        var labels = Labels.Random(1, session.Device, shape.Rows, shape.Classes, ignoreEvery: 3).OnDevice;
        cuda.synchronize();
        var op = () => KdFunctional.HintonLoss(student, teacher, labels, Temperature, 0.9, KdReduction.BatchMean).Loss;
        WarmUp(op);
        Tensor? captured = null;
        using var graph = CapturedGraph.Of(() => captured = op());
        Check.True(graph.Kernels == 2, $"2 kernels but got {graph.Kernels}");
        for (int round = 0; round < 3; round++)
        {
            Refill(student, teacher);
            graph.Replay();
            Check.SameBits(op(), captured!, $"replay {round}'s loss");
        }
    }

    private static void OutsideAfterReplay(TestSession session)
    {
        var shape = new RowShape(300, 1000);
        using var side = LibTorch.UseSideStream();
        using var none = no_grad();
        var (student, teacher) = (Data(session, ScalarType.Float32, shape), Data(session, ScalarType.Float32, shape));
        var op = () => KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean);
        WarmUp(op);
        var expected = op();
        Tensor? captured = null;
        using var graph = CapturedGraph.Of(() => captured = op());
        for (int i = 0; i < 50; i++)
        {
            graph.Replay();
            Check.SameBits(expected, op(), $"the loss of a call after {i + 1} replays");
            Check.SameBits(expected, captured!, $"the loss of replay {i + 1}");
        }
    }

    /// <summary>Loads the kernels and gives torch's allocator the memory that the capture will take.</summary>
    private static void WarmUp(Func<Tensor> op)
    {
        for (int i = 0; i < 3; i++)
        {
            using var scope = NewDisposeScope();
            op();
        }
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
