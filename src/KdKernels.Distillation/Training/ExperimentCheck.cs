using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>Whether an experiment can be run, found out with untrained networks: what does not fit should cost a second,
/// not a teacher's training.</summary>
internal static class ExperimentCheck
{
    /// <exception cref="RecipeException">A model is not for the data, or networks do not fit a method.</exception>
    public static void Run(Recipe recipe, LearningTask task, LearningTask studentTask, IReadOnlyList<Arm> arms)
    {
        if (recipe.Evaluation.Noise.Count > 0 && task.Kind != ImageClassification.KindName)
        {
            throw new RecipeException(
                recipe.Name, 0, "evaluation.noise", $"expected none for {task.TrainName}, which has no images to classify, but got some");
        }

        using var scope = NewDisposeScope();
        using nn.Module<Tensor, Tensor> student = Network(recipe, "student.model", task, recipe.Student.Model);
        if (!arms.Any(arm => arm.Distill.NeedsTeacher))
        {
            arms.ToList().ForEach(arm => Make(arm.Distill, studentTask, recipe.Student.Model, student, null));
            return;
        }

        foreach ((int index, (TeacherRecipe teacher, LearningTask own)) in TeacherStages.Plan(recipe, task).Index())
        {
            string key = index == 0 ? "teacher.model" : $"teachers[{index - 1}].model";
            using nn.Module<Tensor, Tensor> network = Network(recipe, key, own, teacher.Model);
            RequireInputs(recipe, key, own.SignatureOf(teacher.Model), task.SignatureOf(recipe.Student.Model));
            var untrained = new TeacherNetwork("teacher", teacher.Model, network, own.Classes, null) { Source = own };
            foreach (Arm arm in arms)
            {
                CheckArm(recipe, arm, studentTask, student, untrained);
            }
        }
    }

    private static void CheckArm(
        Recipe recipe, Arm arm, LearningTask task, nn.Module<Tensor, Tensor> student, TeacherNetwork teacher)
    {
        RequireOneExpansion(recipe, arm.Distill);
        if (arm.Assisted is { } assisted)
        {
            foreach (string model in MethodCatalog.Find(assisted.Name)!.Assistants(assisted.Settings))
            {
                Network(recipe, "distill.assistants", task, model).Dispose();
            }

            if (recipe.Teachers.Count > 0)
            {
                throw new RecipeException(recipe.Name, 0, "teachers", $"expected one teacher with {assisted.Name} but got several");
            }
        }

        Make(
            arm.Distill, task, recipe.Student.Model, student, arm.Distill.NeedsTeacher ? teacher : null);
    }

    private static void RequireInputs(Recipe recipe, string key, NetworkSignature teacher, NetworkSignature student)
    {
        if ((teacher.Channels, teacher.ImageSize) != (student.Channels, student.ImageSize))
        {
            throw new RecipeException(
                recipe.Name,
                0,
                key,
                $"expected a teacher of {Inputs(student)} inputs, as the student has, but got {Inputs(teacher)}");
        }

        static string Inputs(NetworkSignature network) => $"{network.Channels} x {network.ImageSize} x {network.ImageSize}";
    }

    // Two methods that enlarge the batch in different ways cannot share one.
    private static void RequireOneExpansion(Recipe recipe, DistillRecipe distill)
    {
        MethodDefinition[] expanding =
        [
            .. distill.Methods.Select(method => MethodCatalog.Find(method.Name)!)
                .Where(definition => definition.Expansion != BatchExpansion.None)
                .DistinctBy(definition => definition.Expansion),
        ];
        if (expanding.Length > 1)
        {
            throw new RecipeException(
                recipe.Name, 0, "distill.methods",
                $"{expanding[0].Name} and {expanding[1].Name} enlarge batches in different ways");
        }
    }

    private static void Make(
        DistillRecipe distill, LearningTask task, string model, nn.Module<Tensor, Tensor> student, TeacherNetwork? teacher)
    {
        foreach (MethodInstance method in MethodFactory.Create(distill, task, model, student, teacher, seed: 0, CPU))
        {
            using var studentTaps = new NetworkTaps(student, method.Method.StudentTaps);
            using NetworkTaps? teacherTaps = teacher is null ? null : new NetworkTaps(teacher.Network, method.Method.TeacherTaps);
            method.Method.Dispose();
        }
    }

    private static nn.Module<Tensor, Tensor> Network(Recipe recipe, string key, LearningTask task, string model)
    {
        try
        {
            return task.CreateNetwork(model, seed: 0, CPU);
        }
        catch (ArgumentException error)
        {
            // The name of the parameter that the runtime appends means nothing to who wrote a recipe.
            throw new RecipeException(recipe.Name, 0, key, error.Message.Split(" (Parameter '")[0]);
        }
    }
}
