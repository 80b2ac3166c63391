namespace KdKernels.Kernels.Tests;

/// <inheritdoc/>
public sealed class NoisyLogitsKernelTests : KernelTests
{
    public static TheoryData<string> Kernels => Of("NoisyLogits");

    [Theory, MemberData(nameof(Kernels))]
    public void Agrees_with_the_oracle_on_every_grid(string kernel) => Prove(kernel);

    [Theory, MemberData(nameof(Kernels))]
    public void Moves_little_more_than_it_must(string kernel) => Weigh(kernel);
}
