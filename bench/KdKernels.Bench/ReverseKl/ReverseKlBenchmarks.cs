using KdKernels.Bench.Harness;

namespace KdKernels.Bench.ReverseKl;

/// <summary>ReverseKl's cases for BenchmarkDotNet.</summary>
public class ReverseKlBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => ReverseKlCases.All();
}
