using static TorchSharp.torch;

namespace KdKernels;

/// <summary>A pair of layers of student and teacher, and how much it counts.</summary>
/// <param name="Student1">The student's first layer <c>[B, C1, H, W]</c>; receives the gradient.</param>
/// <param name="Student2">The student's second layer <c>[B, C2, H, W]</c>; receives the gradient.</param>
/// <param name="Teacher1">The teacher's first layer, with C1 channels.</param>
/// <param name="Teacher2">The teacher's second layer, with C2 channels.</param>
/// <param name="Weight">λ of the pair.</param>
public sealed record FspPair(Tensor Student1, Tensor Student2, Tensor Teacher1, Tensor Teacher2, double Weight = 1);
