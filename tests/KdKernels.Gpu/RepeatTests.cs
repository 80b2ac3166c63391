using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>Twenty calls give the same bits, for every kind of kernel: no float atomics, no dependence on which block
/// is last.</summary>
internal static class RepeatTests
{
    private const int Times = 20;
    private const double Temperature = 4;

    public static void Run(TestSession session)
    {
        RowShape[] shapes = [new(1000, 100), new(3000, 1000), new(700, 4096), new(600, 32000), new(300, 128256)];
        foreach (var type in Shapes.Types(session))
        {
            foreach (var shape in session.OnCuda ? shapes : [new(50, 100)])
                session.Test($"{Times} times {shape} {type}", () => Rows(session, type, shape));
            if (session.OnCuda) session.Test($"{Times} times split rows {type}", () => Split(session, type));
            session.Test($"{Times} times pixels {type}", () => Pixels(session, type));
        }
    }

    private static void Rows(TestSession session, ScalarType type, RowShape shape)
    {
        var (student, teacher) = (OnDevice(session, 1, type, shape.Rows, shape.Classes),
            OnDevice(session, 2, type, shape.Rows, shape.Classes));
        var labels = Labels.Random(3, session.Device, shape.Rows, shape.Classes, ignoreEvery: 6).OnDevice;
        Same(student, leaf => KdFunctional.TemperedKl(leaf, teacher, Temperature, KdReduction.BatchMean));
        Same(student, leaf =>
            KdFunctional.HintonLoss(leaf, teacher, labels, Temperature, 0.9, KdReduction.BatchMean).Loss);
        Same(student, leaf => KdFunctional.SoftmaxEntropy(leaf, Temperature, KdReduction.BatchMean));
    }

    private static void Split(TestSession session, ScalarType type)
    {
        var (student, teacher) = (OnDevice(session, 1, type, 4, 500000), OnDevice(session, 2, type, 4, 500000));
        using var none = no_grad();
        var first = KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean);
        for (int i = 1; i < Times; i++)
            Check.SameBits(first, KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean),
                $"call {i}'s loss");
    }

    private static void Pixels(TestSession session, ScalarType type)
    {
        int n = session.OnCuda ? 32 : 1;
        var (student, teacher) = (OnDevice(session, 1, type, n, 21, 64, 64), OnDevice(session, 2, type, n, 21, 64, 64));
        Same(student, leaf => KdFunctional.TemperedKl(leaf, teacher, Temperature, KdReduction.BatchMean, dim: 1));
        Same(student, leaf => KdFunctional.SoftmaxEntropy(leaf, Temperature, KdReduction.BatchMean, dim: 1));
    }

    private static void Same(Tensor student, Func<Tensor, Tensor> op)
    {
        var (loss, gradient) = Once();
        Check.True(isfinite(loss).item<bool>(), "a finite loss");
        for (int i = 1; i < Times; i++)
        {
            using var scope = NewDisposeScope();
            var (again, gradientAgain) = Once();
            Check.SameBits(loss, again, $"call {i}'s loss");
            Check.SameBits(gradient, gradientAgain, $"call {i}'s gradient");
        }

        (Tensor Loss, Tensor Gradient) Once()
        {
            var leaf = student.detach().requires_grad_();
            var value = op(leaf);
            value.backward();
            return (value.detach(), leaf.grad!);
        }
    }

    // Made on the device: these are too large to be worth an oracle, which is not needed here.
    private static Tensor OnDevice(TestSession session, long seed, ScalarType type, params long[] shape)
    {
        using var scope = NewDisposeScope();
        manual_seed(seed);
        return (randn(shape, ScalarType.Float32, session.Device) * 3).to(type).MoveToOuterDisposeScope();
    }
}
