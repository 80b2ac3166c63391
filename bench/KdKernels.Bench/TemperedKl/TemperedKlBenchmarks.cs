using KdKernels.Bench.Harness;

namespace KdKernels.Bench.TemperedKl;

/// <summary><see cref="TemperedKlCases"/> for BenchmarkDotNet.</summary>
public class TemperedKlBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => TemperedKlCases.All();
}
