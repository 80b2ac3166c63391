namespace KdKernels.Distillation.Training;

/// <summary>The path that a layer's weights took from the beginning of a training: all tensors of two or more dimensions
/// in it, taken as one vector w.</summary>
/// <param name="Length">Σ_k ‖w_k − w_{k−1}‖ over the optimiser's steps, Euclidean, summed in float64.</param>
/// <param name="InitialNorm">‖w_0‖, of the network before the training's first step.</param>
public sealed record WeightPath(double Length, double InitialNorm);
