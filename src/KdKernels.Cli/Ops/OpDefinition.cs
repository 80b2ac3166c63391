using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary>
/// An op as <c>kd op</c> offers it: what goes in and comes out, and its three implementations, which mean the same.
/// </summary>
internal abstract class OpDefinition
{
    /// <summary>In kebab-case.</summary>
    public abstract string Name { get; }

    /// <summary>The formula and whose it is.</summary>
    public abstract string Summary { get; }

    /// <summary>The loss contract: numerator, divisor, power of T, what is detached.</summary>
    public abstract string Contract { get; }

    public abstract IReadOnlyList<OpInput> Inputs { get; }

    public abstract IReadOnlyList<OpSetting> Settings { get; }

    /// <summary>The first one is the main output, the one that is differentiated.</summary>
    public abstract IReadOnlyList<OpOutput> Outputs { get; }

    /// <summary>By the library's kernels; in the order of <see cref="Outputs"/>.</summary>
    public abstract IReadOnlyList<Tensor> Fused(OpCall call);

    /// <summary>By composed torch operations.</summary>
    public abstract IReadOnlyList<Tensor> Composed(OpCall call);

    /// <summary>By the float64 definition.</summary>
    /// <param name="call">Inputs and settings.</param>
    /// <param name="upstream">Gradient of the main output, flat; null means ones.</param>
    public abstract OracleRun Oracle(OpCall call, double[]? upstream);
}
