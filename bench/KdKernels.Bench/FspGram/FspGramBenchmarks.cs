using KdKernels.Bench.Harness;

namespace KdKernels.Bench.FspGram;

/// <summary><see cref="FspGramCases"/> for BenchmarkDotNet.</summary>
public class FspGramBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => FspGramCases.All();
}
