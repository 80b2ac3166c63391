using KdKernels.Bench.Harness;

namespace KdKernels.Bench.SoftmaxEntropy;

/// <summary><see cref="SoftmaxEntropyCases"/> for BenchmarkDotNet.</summary>
public class SoftmaxEntropyBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => SoftmaxEntropyCases.All();
}
