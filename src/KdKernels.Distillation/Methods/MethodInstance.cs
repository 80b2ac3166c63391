using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Methods;

/// <summary>A method made for one training, under the name that its parts and terms have.</summary>
internal sealed record MethodInstance(string Name, MethodRecipe Recipe, DistillationMethod Method)
{
    /// <summary>A first stage belongs to the methods that have one; the others wait for the second.</summary>
    public bool SpeaksIn(bool firstStage) =>
        !firstStage || MethodCatalog.Find(Recipe.Name)!.FirstStageEpochs(Recipe.Settings) > 0;
}
