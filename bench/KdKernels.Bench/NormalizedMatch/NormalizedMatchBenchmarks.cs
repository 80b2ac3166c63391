using KdKernels.Bench.Harness;

namespace KdKernels.Bench.NormalizedMatch;

/// <summary>NormalizedMatch with the student's gradient.</summary>
public class NormalizedMatchBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => NormalizedMatchCases.All();
}
