using KdKernels.Bench.Harness;

namespace KdKernels.Bench.SoftCrossEntropy;

/// <summary><see cref="SoftCrossEntropyCases"/> for BenchmarkDotNet.</summary>
public class SoftCrossEntropyBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => SoftCrossEntropyCases.All();
}
