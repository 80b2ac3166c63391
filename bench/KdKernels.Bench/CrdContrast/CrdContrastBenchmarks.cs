using KdKernels.Bench.Harness;

namespace KdKernels.Bench.CrdContrast;

/// <summary><see cref="CrdContrastCases"/> for BenchmarkDotNet.</summary>
public class CrdContrastBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => CrdContrastCases.All();
}
