using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace TorchSharp.Modules;

/// <summary>The cross-entropy of logits and class indices or class probabilities.</summary>
public sealed class CrossEntropyLoss(
    Tensor? weight = null, long? ignore_index = null, Reduction reduction = Reduction.Mean, double label_smoothing = 0.0)
    : WeightedLoss<Tensor, Tensor, Tensor>(weight, reduction)
{
    private const long NoIndexIgnored = -100;

    /// <summary>A class index that counts for nothing.</summary>
    public long? ignore_index { get; } = ignore_index;

    /// <summary>The probability spread evenly over all classes.</summary>
    public double label_smoothing { get; } = label_smoothing;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input, Tensor target) =>
        functional.cross_entropy(input, target, weight, ignore_index ?? NoIndexIgnored, reduction, label_smoothing);
}

/// <summary>The squared difference.</summary>
public sealed class MSELoss(Reduction reduction = Reduction.Mean) : Loss<Tensor, Tensor, Tensor>(reduction)
{
    /// <inheritdoc/>
    public override Tensor forward(Tensor input, Tensor target) => functional.mse_loss(input, target, reduction);
}

/// <summary>The absolute difference.</summary>
public sealed class L1Loss(Reduction reduction = Reduction.Mean) : Loss<Tensor, Tensor, Tensor>(reduction)
{
    /// <inheritdoc/>
    public override Tensor forward(Tensor input, Tensor target) => functional.l1_loss(input, target, reduction);
}

/// <summary>The squared difference up to beta, the absolute difference beyond.</summary>
public sealed class SmoothL1Loss(Reduction reduction = Reduction.Mean, double beta = 1.0)
    : Loss<Tensor, Tensor, Tensor>(reduction)
{
    /// <summary>Where the square ends.</summary>
    public double beta { get; } = beta;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input, Tensor target) => functional.smooth_l1_loss(input, target, reduction, beta);
}

/// <summary>The negative log-probability of class indices.</summary>
public sealed class NLLLoss(Tensor? weight = null, Reduction reduction = Reduction.Mean)
    : WeightedLoss<Tensor, Tensor, Tensor>(weight, reduction)
{
    /// <inheritdoc/>
    public override Tensor forward(Tensor input, Tensor target) => functional.nll_loss(input, target, weight, reduction);
}

/// <summary>p·(log p − log q) for an input log q; the mean is over all elements, not over the batch.</summary>
public sealed class KLDivLoss(bool log_target = true, Reduction reduction = Reduction.Mean)
    : Loss<Tensor, Tensor, Tensor>(reduction)
{
    /// <summary>Whether the target is log p rather than p; TorchSharp's default is true.</summary>
    public bool log_target { get; } = log_target;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input, Tensor target) => functional.kl_div(input, target, log_target, reduction);
}
