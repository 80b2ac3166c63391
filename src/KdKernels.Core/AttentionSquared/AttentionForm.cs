namespace KdKernels;

/// <summary>What attention transfer makes of the difference of two normalised attention maps.</summary>
public enum AttentionForm
{
    /// <summary>The authors' code, which everyone else copied: <c>β·Σ_j (q_s − q_t)_j²</c> per sample.</summary>
    Code,

    /// <summary>The paper's equation 2: <c>(β/2)·‖q_s − q_t‖₂</c> per sample.</summary>
    Paper,
}

/// <summary>How the channels of a pixel become its attention.</summary>
public enum ChannelReduction
{
    /// <summary>Σ_c, as the paper writes.</summary>
    Sum,

    /// <summary>Σ_c / C, as the authors' code does; normalised maps are the same down to the smallest norm.</summary>
    Mean,
}
