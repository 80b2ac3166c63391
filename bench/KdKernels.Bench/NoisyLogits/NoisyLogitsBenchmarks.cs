using KdKernels.Bench.Harness;

namespace KdKernels.Bench.NoisyLogits;

/// <summary><see cref="NoisyLogitsCases"/> for BenchmarkDotNet.</summary>
public class NoisyLogitsBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => NoisyLogitsCases.All();
}
