using KdKernels.Bench.Harness;

namespace KdKernels.Bench.CosineKl;

/// <summary><see cref="CosineKlCases"/> for BenchmarkDotNet.</summary>
public class CosineKlBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => CosineKlCases.All();
}
