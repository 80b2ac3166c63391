using System.Diagnostics;
using System.Text.Json;
using KdKernels.Bench.Results;
using KdKernels.Bench.TemperedKl;
using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Bench.Gpu;

/// <summary>
/// What a call costs from C#: host time until the call returns, and wall time of a whole forward and backward, ours
/// against the composed form, alternating. Device time of the kernels alone is the Python harness's matter, where the
/// peers are.
/// </summary>
internal sealed class GpuBench(GpuMachine machine)
{
    private const double Temperature = 4;
    private const double Alpha = 0.9;
    private const int Rounds = 15;
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(5);

    // A float64 composite of more than this would need most of a device's memory.
    private const long LargestChecked = 300_000_000;

    private static readonly string[] Providers = ["kdkernels-csharp", "composed-csharp"];

    private static readonly (string Op, long Rows, long Classes)[] Shapes =
    [
        ("tempered-kl", 256, 1000), ("tempered-kl", 1024, 100), ("tempered-kl", 16384, 1000), ("tempered-kl", 8192, 32000),
        ("hinton-loss", 256, 1000), ("hinton-loss", 1024, 100), ("hinton-loss", 8192, 32000), ("softmax-entropy", 8192, 32000),
    ];

    /// <summary>Measures every shape; a record per mode and provider, as soon as it is there.</summary>
    public IEnumerable<GpuRecord> Run()
    {
        foreach (var (op, rows, classes) in Shapes)
        {
            foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
            {
                using var scope = NewDisposeScope();
                foreach (var record in Measure(op, rows, classes, type)) yield return record;
            }
        }
    }

    private List<GpuRecord> Measure(string op, long rows, long classes, ScalarType type)
    {
        manual_seed(rows * 31 + classes);
        var student = (randn([rows, classes], ScalarType.Float32, CUDA) * 3).to(type);
        var noise = randn([rows, classes], ScalarType.Float32, CUDA) * 2;
        var teacher = (student.to(ScalarType.Float32) * 0.7 + noise).to(type);
        var labels = randint(0, classes, [rows], ScalarType.Int64, CUDA);
        var (ours, composed) = Forms(op, teacher, labels);
        var errors = rows * classes <= LargestChecked ? Compare(ours, op, student, teacher, labels) : (null, null);
        var records = new List<GpuRecord>();
        foreach (string mode in new[] { "forward", "autograd" })
        {
            Timing[] timings = Alternate([CallOf(ours, mode, student), CallOf(composed, mode, student)]);
            foreach (var (provider, timing) in Providers.Zip(timings))
            {
                bool isOurs = provider.StartsWith("kdkernels", StringComparison.Ordinal);
                records.Add(new GpuRecord
                {
                    Op = op,
                    Shape = [rows, classes],
                    Dtype = type.ToString().ToLowerInvariant(),
                    Mode = mode,
                    Provider = provider,
                    P20 = timing.Quantile(0.2),
                    P50 = timing.Quantile(0.5),
                    P80 = timing.Quantile(0.8),
                    BytesMin = MinimalBytes(op, rows * classes * student.ElementSize, rows, mode),
                    HostUs = timing.HostMedian,
                    RelErr = isOurs ? errors.Item1 : null,
                    GradRelErr = isOurs && mode == "autograd" ? errors.Item2 : null,
                    Cache = "warm",
                    Method = "wall",
                    Fingerprint = machine.Id,
                });
            }
        }
        return records;
    }

    private static long MinimalBytes(string op, long tensor, long rows, string mode) =>
        tensor * ((op == "softmax-entropy" ? 1 : 2) + (mode == "forward" ? 0 : 1))
            + (op == "hinton-loss" ? 8 * rows : 0);

    private static (Func<Tensor, Tensor> Ours, Func<Tensor, Tensor> Composed) Forms(
        string op, Tensor teacher, Tensor labels) => op switch
        {
            "tempered-kl" => (
                s => KdFunctional.TemperedKl(s, teacher, Temperature, KdReduction.BatchMean),
                s => ComposedKl.Plain(s, teacher, Temperature)),
            "hinton-loss" => (
                s => KdFunctional.HintonLoss(s, teacher, labels, Temperature, Alpha, KdReduction.BatchMean).Loss,
                s => nn.functional.cross_entropy(s, labels) * (1 - Alpha)
                    + ComposedKl.Plain(s, teacher, Temperature) * Alpha),
            _ => (
                s => KdFunctional.SoftmaxEntropy(s, Temperature, KdReduction.BatchMean),
                s => SoftmaxEntropyComposed.Loss(s, new SoftmaxEntropyOptions(Temperature, KdReduction.BatchMean))),
        };

    private static Action CallOf(Func<Tensor, Tensor> form, string mode, Tensor student)
    {
        if (mode == "forward")
        {
            return () =>
            {
                using var scope = NewDisposeScope();
                using var none = no_grad();
                form(student);
            };
        }
        var leaf = student.detach().requires_grad_();
        return () =>
        {
            using var scope = NewDisposeScope();
            form(leaf).backward();
            leaf.grad = null;
        };
    }

    /// <summary>Relative errors of loss and gradient against the composed form in float64.</summary>
    private static (double? Loss, double? Gradient) Compare(
        Func<Tensor, Tensor> ours, string op, Tensor student, Tensor teacher, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var exact = student.to(ScalarType.Float64).detach().requires_grad_();
        var expected = Forms(op, teacher.to(ScalarType.Float64), labels).Composed(exact);
        expected.backward();
        var leaf = student.detach().requires_grad_();
        var actual = ours(leaf);
        actual.backward();
        double loss = Math.Abs(actual.item<float>() - expected.item<double>()) / Math.Abs(expected.item<double>());
        var off = (leaf.grad!.to(ScalarType.Float64) - exact.grad!).square().sum().sqrt();
        return (loss, (off / exact.grad!.square().sum().sqrt()).item<double>());
    }

    private static Timing[] Alternate(Action[] calls)
    {
        var timings = calls.Select(call => new Timing(call)).ToArray();
        for (int round = 0; round < Rounds; round++)
        {
            // Every second round runs backwards, so that nobody always follows the same neighbour.
            foreach (Timing timing in round % 2 == 0 ? timings : timings.Reverse()) timing.TakeTurn();
        }
        return timings;
    }

    private sealed class Timing
    {
        private readonly Action _call;
        private readonly int _calls;
        private readonly List<double> _wall = [];
        private readonly List<double> _host = [];

        public Timing(Action call)
        {
            _call = call;
            for (int i = 0; i < 5; i++) call();
            cuda.synchronize();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < 5; i++) call();
            cuda.synchronize();
            _calls = (int)Math.Clamp(Turn / (Stopwatch.GetElapsedTime(start) / 5), 3, 200);
        }

        public double HostMedian => Quantile(_host, 0.5);

        public void TakeTurn()
        {
            cuda.synchronize();
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < _calls; i++) _call();
            double host = Stopwatch.GetElapsedTime(start).TotalMicroseconds / _calls;
            cuda.synchronize();
            _wall.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / _calls);
            _host.Add(host);
        }

        public double Quantile(double fraction) => Quantile(_wall, fraction);

        private static double Quantile(List<double> values, double fraction)
        {
            double[] ordered = [.. values.Order()];
            return ordered[(int)Math.Round(fraction * (ordered.Length - 1))];
        }
    }
}
