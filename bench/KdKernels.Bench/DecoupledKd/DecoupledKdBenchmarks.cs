using KdKernels.Bench.Harness;

namespace KdKernels.Bench.DecoupledKd;

/// <summary>DecoupledKd's cases for BenchmarkDotNet.</summary>
public class DecoupledKdBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => DecoupledKdCases.All();
}
