using KdKernels.Bench.Harness;

namespace KdKernels.Bench.LogitRegression;

/// <summary><see cref="LogitRegressionCases"/> for BenchmarkDotNet.</summary>
public class LogitRegressionBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => LogitRegressionCases.All();
}
