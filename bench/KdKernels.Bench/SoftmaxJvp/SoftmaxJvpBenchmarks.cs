using KdKernels.Bench.Harness;

namespace KdKernels.Bench.SoftmaxJvp;

/// <summary>SoftmaxJvp with gradients of logits and tangents.</summary>
public class SoftmaxJvpBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => SoftmaxJvpCases.All();
}
