using BenchmarkDotNet.Attributes;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Bench.TemperedKl;

/// <summary>The same comparison for BenchmarkDotNet: allocations and distributions rather than paired ratios.</summary>
[MemoryDiagnoser]
public class TemperedKlBenchmarks
{
    private Tensor _student = null!;
    private Tensor _teacher = null!;

    /// <summary>Logits <c>[B, C]</c>.</summary>
    public sealed record Shape(int B, int C)
    {
        public override string ToString() => $"B={B},C={C}";
    }

    [ParamsSource(nameof(Shapes))]
    public Shape Logits { get; set; } = new(1, 1);

    public static IEnumerable<Shape> Shapes => [new(1024, 100), new(256, 1000), new(512, 32000)];

    [GlobalSetup]
    public void SetUp()
    {
        manual_seed(1);
        _student = randn(Logits.B, Logits.C).requires_grad_();
        _teacher = randn(Logits.B, Logits.C);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _student.Dispose();
        _teacher.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void ComposedTorch() => ForwardBackward(() => ComposedKl.LogTarget(_student, _teacher, 4));

    [Benchmark]
    public void Fused() => ForwardBackward(() => KdFunctional.TemperedKl(_student, _teacher, 4, KdReduction.BatchMean));

    private void ForwardBackward(Func<Tensor> loss)
    {
        using var scope = NewDisposeScope();
        loss().backward();
        _student.grad = null;
    }
}
