using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>
/// What an entropy probe perturbs of some held-out items: units, such as points or word vectors, each with a value of its
/// own that its channels share. The tensors lie in the dispose scope of who asked.
/// </summary>
/// <param name="Inputs">What the network is called with: clouds <c>[N, 3, U]</c> float32, tokens <c>[N, U]</c>
/// int64.</param>
/// <param name="Site">Null: the units are the input itself. Otherwise the module whose output <c>[N, U, E]</c> is
/// perturbed, where the input is no quantity that noise could be added to.</param>
/// <param name="Present">Bool <c>[N, U]</c>: the unit exists; false for padding.</param>
/// <param name="Foreground">Bool <c>[N, U]</c>: the unit matters, by the data's masks; only where it exists.</param>
internal sealed record UnitItems(Tensor Inputs, string? Site, Tensor Present, Tensor Foreground);
