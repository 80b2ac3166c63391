using KdKernels.Bench.Harness;

namespace KdKernels.Bench.Dual;

/// <summary>DualRelu with the stack's gradient.</summary>
public class DualReluBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => DualCases.Relu();
}

/// <summary>DualMaxPool with the stack's gradient.</summary>
public class DualMaxPoolBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => DualCases.MaxPool();
}

/// <summary>DualBatchNorm with the gradients of stack, scale and shift.</summary>
public class DualBatchNormBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => DualCases.BatchNorm();
}

/// <summary>A penalty on the JVPs of a network with the gradients of its parameters.</summary>
public class DualJvpBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => DualCases.Jvp();
}
