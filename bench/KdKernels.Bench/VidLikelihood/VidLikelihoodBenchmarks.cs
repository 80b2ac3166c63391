using KdKernels.Bench.Harness;

namespace KdKernels.Bench.VidLikelihood;

/// <summary><see cref="VidLikelihoodCases"/> for BenchmarkDotNet.</summary>
public class VidLikelihoodBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => VidLikelihoodCases.All();
}
