namespace KdKernels.Core;

/// <summary>What <see cref="SoftmaxJvp"/> computes, apart from its operands.</summary>
/// <param name="Temperature">T: between 1e-100 and 1e100.</param>
/// <param name="Of">The function that is differentiated.</param>
public readonly record struct SoftmaxJvpSettings(double Temperature, SoftmaxForm Of = SoftmaxForm.Softmax);
