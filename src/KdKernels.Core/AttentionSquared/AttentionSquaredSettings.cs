namespace KdKernels.Core;

/// <summary>What <see cref="AttentionSquared"/> computes, apart from its operands.</summary>
/// <param name="Form">The code's squares or the paper's norm.</param>
/// <param name="Power">p in |F|^p: 1, 2 or 4.</param>
/// <param name="Channels">Sum or mean over channels.</param>
/// <param name="Beta">β, finite; 1 leaves the weight to the caller.</param>
/// <param name="Reduction">How the samples are combined. <see cref="KdReduction.Mean"/>, ÷ (B·h·w), belongs to the code's
/// form; the paper's has one norm per sample.</param>
public readonly record struct AttentionSquaredSettings(
    AttentionForm Form, int Power, ChannelReduction Channels, double Beta, KdReduction Reduction);

/// <summary>What <see cref="AttentionMap"/> computes.</summary>
/// <param name="Power">p in |F|^p: 1, 2 or 4.</param>
/// <param name="Channels">Sum or mean over channels.</param>
/// <param name="Normalise">Divide each sample's map by max(‖Q‖₂, 1e-12).</param>
public readonly record struct AttentionMapSettings(int Power, ChannelReduction Channels, bool Normalise);
