namespace KdKernels;

/// <summary>What the difference D = G_s − G_t of two FSP matrices counts, per sample.</summary>
public enum FspForm
{
    /// <summary>The paper's squared Frobenius norm, <c>Σ_ij D_ij²</c>.</summary>
    Paper,

    /// <summary>The mean of the squares, <c>Σ_ij D_ij² / (C1·C2)</c>, as in RepDistiller.</summary>
    Mean,

    /// <summary>The norms of the columns, not squared, <c>Σ_j √(Σ_i D_ij²)</c>, as in torchdistill.</summary>
    ColumnNorms,
}

/// <summary>How the larger of two feature maps is brought to the size of the smaller one.</summary>
public enum FspPooling
{
    /// <summary>Adaptive maximum pooling: the paper and torchdistill.</summary>
    Max,

    /// <summary>Adaptive average pooling: RepDistiller.</summary>
    Average,
}
