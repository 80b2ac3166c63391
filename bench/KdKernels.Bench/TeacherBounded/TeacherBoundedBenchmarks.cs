using KdKernels.Bench.Harness;

namespace KdKernels.Bench.TeacherBounded;

/// <summary><see cref="TeacherBoundedCases"/> for BenchmarkDotNet.</summary>
public class TeacherBoundedBenchmarks : OpBenchmarks
{
    internal override IEnumerable<BenchCase> Cases() => TeacherBoundedCases.All();
}
