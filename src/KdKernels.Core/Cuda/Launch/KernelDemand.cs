namespace KdKernels.Core;

/// <summary>What a call asks of a kernel.</summary>
/// <param name="Geometry">Its rows.</param>
/// <param name="RowBytes">What is read for a row, over all operands.</param>
/// <param name="WantsGradient">Whether a gradient is written.</param>
/// <param name="NeedsGeneral">Class weights, a teacher's gradient or T = ∞.</param>
internal readonly record struct KernelDemand(
    RowGeometry Geometry, long RowBytes, bool WantsGradient, bool NeedsGeneral);
