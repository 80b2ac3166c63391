using KdKernels.Bench.Harness;

namespace KdKernels.Bench.HintonLoss;

/// <summary><see cref="HintonLossCases"/> for BenchmarkDotNet.</summary>
public class HintonLossBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => HintonLossCases.All();
}
