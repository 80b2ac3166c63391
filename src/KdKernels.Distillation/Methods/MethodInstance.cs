using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Methods;

/// <summary>A method made for one training, under the name that its parts and terms have.</summary>
internal sealed record MethodInstance(string Name, MethodRecipe Recipe, DistillationMethod Method);
