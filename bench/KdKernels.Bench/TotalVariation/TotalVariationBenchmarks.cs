using KdKernels.Bench.Harness;

namespace KdKernels.Bench.TotalVariation;

/// <summary>TotalVariation's cases for BenchmarkDotNet.</summary>
public class TotalVariationBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => TotalVariationCases.All();
}
