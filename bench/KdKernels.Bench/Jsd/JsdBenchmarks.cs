using KdKernels.Bench.Harness;

namespace KdKernels.Bench.Jsd;

/// <summary>Jsd's cases for BenchmarkDotNet.</summary>
public class JsdBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => JsdCases.All();
}
