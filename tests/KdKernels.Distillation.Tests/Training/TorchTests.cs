namespace KdKernels.Distillation.Tests.Training;

/// <summary>Tests that draw weights: torch's generator is one per process, so they take turns.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TorchTests
{
    public const string Name = "torch";
}
