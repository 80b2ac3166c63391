using KdKernels.Bench.Harness;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Bench.TemperedKl;

/// <summary>Fused TemperedKl against its composed forms, forward and forward with backward, alternating in one process.</summary>
internal static class TemperedKlBench
{
    private const double Temperature = 4;

    private static readonly (long Rows, long Classes)[] Shapes =
        [(1024, 100), (256, 1000), (1024, 1000), (16384, 1000), (512, 32000)];

    public static IEnumerable<BenchRecord> Run(BenchOptions options)
    {
        set_num_threads(options.Threads);
        Core.KdCpu.Threads = options.Threads;
        using var bandwidth = new ReadBandwidth(options.Threads);
        foreach (var (rows, classes) in Shapes)
        {
            using var scope = NewDisposeScope();
            manual_seed(rows * 31 + classes);
            var student = randn(rows, classes) * 3;
            var teacher = student * 0.7 + randn(rows, classes) * 2;
            yield return Forward(student, teacher, bandwidth, options);
            yield return ForwardBackward(student.detach().requires_grad_(), teacher, bandwidth, options);
        }
    }

    private static BenchRecord Forward(Tensor student, Tensor teacher, ReadBandwidth bandwidth, BenchOptions options) =>
        Measure("forward", student, teacher, bandwidth, options, bytes: 2 * Bytes(student), loss => () =>
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            loss();
        });

    private static BenchRecord ForwardBackward(Tensor student, Tensor teacher, ReadBandwidth bandwidth, BenchOptions options) =>
        Measure("forward+backward", student, teacher, bandwidth, options, bytes: 3 * Bytes(student), loss => () =>
        {
            using var scope = NewDisposeScope();
            loss().backward();
            student.grad = null;
        });

    private static BenchRecord Measure(
        string mode, Tensor student, Tensor teacher, ReadBandwidth bandwidth, BenchOptions options, long bytes, Func<Func<Tensor>, Action> call)
    {
        Func<Tensor> fused = () => KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean);
        Func<Tensor> plain = () => ComposedKl.Plain(student, teacher, Temperature);
        Func<Tensor> logTarget = () => ComposedKl.LogTarget(student, teacher, Temperature);
        Func<Tensor> byHand = () => ComposedKl.ByHand(student, teacher, Temperature);
        RequireSameValue(fused, plain, logTarget, byHand);

        var timer = AlternatingTimer.Measure(
            [
                new("fused", call(fused)), new("plain", call(plain)), new("log-target", call(logTarget)), new("by-hand", call(byHand)),
                new("read", bandwidth.Pass),
            ],
            options.Rounds, options.Slice);
        double microseconds = timer.Median("fused");
        double roof = ReadBandwidth.BytesPerPass / timer.Median("read");
        return new BenchRecord(
            Op: "tempered-kl",
            Shape: $"[{student.shape[0]},{student.shape[1]}]",
            Dtype: "float32",
            Mode: mode,
            Ratio: Math.Min(timer.Ratio("log-target"), timer.Ratio("by-hand")),
            RatioPlain: timer.Ratio("plain"),
            ShareOfBandwidth: bytes / microseconds / roof,
            MedianUs: microseconds);
    }

    private static long Bytes(Tensor tensor) => tensor.numel() * tensor.ElementSize;

    // A wrong result is not worth timing.
    private static void RequireSameValue(Func<Tensor> fused, params Func<Tensor>[] composed)
    {
        using var scope = NewDisposeScope();
        double expected = fused().item<float>();
        foreach (var form in composed)
        {
            double actual = form().item<float>();
            if (!(Math.Abs(actual - expected) <= 1e-3 * Math.Abs(expected)))
                throw new InvalidOperationException($"the composed form gives {actual}, the fused op {expected}: nothing to compare.");
        }
    }
}
