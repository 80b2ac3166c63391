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
        CheckTrace(recipe, student);
        if (!arms.Any(arm => arm.Distill.NeedsTeacher))
        {
            foreach (Arm arm in arms)
            {
                Make(arm, studentTask, recipe.Student.Model, student, teacher: null);
            }

            return;
        }

        foreach ((int index, (TeacherRecipe teacher, LearningTask own)) in TeacherStages.Plan(recipe, task).Index())
        {
            string key = index == 0 ? "teacher.model" : $"teachers[{index - 1}].model";
            using nn.Module<Tensor, Tensor> network = Network(recipe, key, own, teacher.Model);
            network.eval();
            var untrained = new TeacherNetwork("teacher", teacher.Model, network, own.Classes, null) { Source = own };
            foreach (Arm arm in arms)
            {
                CheckArm(recipe, arm, studentTask, student, untrained);
            }
        }
    }

    private static void CheckTrace(Recipe recipe, nn.Module<Tensor, Tensor> student)
    {
        foreach (string layer in recipe.Trace.Layers.Where(layer => WeightPaths.WeightsOf(student, layer).Count == 0))
        {
            throw new RecipeException(
                recipe.Name,
                0,
                "trace.layers",
                $"expected a layer of {recipe.Student.Model} with weights, such as "
                + $"{string.Join(", ", WeightPaths.LayersWithWeights(student))}, but got '{layer}'");
        }
    }

    private static void CheckArm(
        Recipe recipe, Arm arm, LearningTask task, nn.Module<Tensor, Tensor> student, TeacherNetwork teacher)
    {
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

        Make(arm, task, recipe.Student.Model, student, arm.Distill.NeedsTeacher ? teacher : null);
    }

    /// <summary>Makes the methods, which says what does not fit, and runs two items through every stage, which says what else a
    /// loss cannot be made of.</summary>
    private static void Make(
        Arm arm, LearningTask task, string model, nn.Module<Tensor, Tensor> student, TeacherNetwork? teacher)
    {
        using var scope = NewDisposeScope();
        Batch batch = task.TrainingBatches(new AugmentRecipe(), batchSize: 2, seed: 0, CPU).Load([0, 1], epoch: 0);
        bool[] stages = arm.FirstStageEpochs > 0 ? [true, false] : [false];
        foreach (bool first in stages)
        {
            IReadOnlyList<MethodInstance> methods = MethodFactory.Create(
                arm.Distill, task, model, student, teacher, seed: 0, CPU);
            using var objective = new StudentObjective(
                task, student, [new TeacherMethods(teacher, methods)], arm.Distill, new StageSettings(Seed: 0, first));
            objective.Of(batch, epoch: 0, step: 0);
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
