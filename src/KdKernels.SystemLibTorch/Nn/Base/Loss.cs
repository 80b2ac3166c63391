using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp;

/// <summary>A loss of two arguments.</summary>
public abstract class Loss<T1, T2, TResult>(Reduction reduction = Reduction.Mean)
    : nn.Module<T1, T2, TResult>(nameof(Loss<T1, T2, TResult>))
{
    /// <summary>Mean, sum or neither.</summary>
    public Reduction reduction { get; } = reduction;
}

/// <summary>A loss of three arguments.</summary>
public abstract class Loss<T1, T2, T3, TResult>(Reduction reduction = Reduction.Mean)
    : nn.Module<T1, T2, T3, TResult>(nameof(Loss<T1, T2, T3, TResult>))
{
    /// <summary>Mean, sum or neither.</summary>
    public Reduction reduction { get; } = reduction;
}

/// <summary>A loss of two arguments with a factor per class or element.</summary>
public abstract class WeightedLoss<T1, T2, TResult>(Tensor? weight = null, Reduction reduction = Reduction.Mean)
    : Loss<T1, T2, TResult>(reduction)
{
    /// <summary>The factors, or null. The caller keeps them alive.</summary>
    public Tensor? weight { get; } = weight;
}
