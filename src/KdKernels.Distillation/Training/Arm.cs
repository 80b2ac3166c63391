using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Training;

/// <summary>One way of teaching the student; every seed's student is trained once in each.</summary>
/// <param name="Name">Begins the names of its trainings.</param>
/// <param name="Distill">Its methods.</param>
internal sealed record Arm(string Name, DistillRecipe Distill)
{
    public int FirstStageEpochs => Distill.Methods.Max(
        method => MethodCatalog.Find(method.Name)!.FirstStageEpochs(method.Settings));

    /// <summary>The method that has assistants between teacher and student; null where none has.</summary>
    public MethodRecipe? Assisted => Distill.Methods.FirstOrDefault(
        method => MethodCatalog.Find(method.Name)!.Assistants(method.Settings).Count > 0);

    /// <summary>How many trainings it takes.</summary>
    public int Stages(int seeds, int teachers)
    {
        int parts = Distill.Methods.Count(
            method => MethodCatalog.Find(method.Name)!.TeacherStageEpochs(method.Settings) > 0);
        return seeds * (FirstStageEpochs > 0 ? 2 : 1) + parts * teachers + AssistantStages.Count(Assisted);
    }
}
