using KdKernels.Bench.Harness;

namespace KdKernels.Bench.NoiseProbe;

/// <summary><see cref="NoiseProbeCases"/> for BenchmarkDotNet.</summary>
public class NoiseProbeBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => NoiseProbeCases.All();
}
