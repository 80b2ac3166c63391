using KdKernels.Bench.Harness;

namespace KdKernels.Bench.PixelEntropy;

/// <summary><see cref="PixelEntropyCases"/> for BenchmarkDotNet.</summary>
public class PixelEntropyBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => PixelEntropyCases.All();
}
