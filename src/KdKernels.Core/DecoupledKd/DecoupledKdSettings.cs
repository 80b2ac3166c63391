namespace KdKernels.Core;

/// <summary>What <see cref="DecoupledKd"/> computes, apart from its operands.</summary>
/// <param name="Alpha">What multiplies the divergence of the label against the rest, at least 0; 1 in the
/// paper.</param>
/// <param name="Beta">What multiplies the divergence within the rest, at least 0; 8 for CIFAR-100 in the paper.</param>
/// <param name="Temperature">T: between 1e-100 and 1e100.</param>
/// <param name="Reduction">How the rows are combined.</param>
public readonly record struct DecoupledKdSettings(double Alpha, double Beta, double Temperature, KdReduction Reduction)
{
    /// <summary>Whether both divergences are multiplied by T². True unless said.</summary>
    public bool TemperatureSquared { get; init; } = true;

    /// <summary>A row whose label is this gives loss 0 and zero gradients and does not count as valid.</summary>
    public long IgnoreIndex { get; init; } = -100;
}
