using KdKernels.Bench.Harness;

namespace KdKernels.Bench.AttentionSquared;

/// <summary><see cref="AttentionSquaredCases"/> for BenchmarkDotNet.</summary>
public class AttentionSquaredBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => AttentionSquaredCases.All();
}
