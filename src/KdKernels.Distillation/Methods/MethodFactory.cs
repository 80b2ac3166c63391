using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods;

/// <summary>Makes a recipe's methods for two networks, or says why they do not fit.</summary>
internal static class MethodFactory
{
    /// <summary>The methods over one teacher, or over none. Their parts are drawn from the seed and moved to the
    /// device.</summary>
    /// <exception cref="RecipeException">Networks, task and method do not go together.</exception>
    public static IReadOnlyList<MethodInstance> Create(
        DistillRecipe distill,
        LearningTask task,
        string studentModel,
        nn.Module<Tensor, Tensor> student,
        TeacherNetwork? teacher,
        long seed,
        Device device,
        string suffix = "")
    {
        List<MethodInstance> methods = [];
        try
        {
            foreach ((int index, MethodRecipe recipe) in distill.Methods.Index())
            {
                MethodDefinition definition = MethodCatalog.Find(recipe.Name)!;
                var context = new MethodContext(recipe, task, studentModel, student, teacher)
                {
                    Seed = (ulong)seed,
                    Device = device,
                };
                Require(definition, context);
                // Parts start from numbers of their own: as many methods as one likes leave each other's alone.
                random.manual_seed(seed ^ (0x6B640000L + index));
                if (definition.Create(context) is { } method)
                {
                    method.Parts?.to(device);
                    method.TeacherParts?.to(device);
                    methods.Add(new MethodInstance(recipe.Name + suffix, recipe, method));
                }
            }
        }
        catch
        {
            foreach (MethodInstance method in methods)
            {
                method.Method.Dispose();
            }

            throw;
        }

        return methods;
    }

    private static void Require(MethodDefinition definition, MethodContext context)
    {
        LearningTask task = context.Task;
        if (context.OptionalTeacher is { Source: { } source } teacher)
        {
            NetworkSignature expected = source.SignatureOf(teacher.Model);
            NetworkSignature actual = task.SignatureOf(context.StudentModel);
            if ((expected.Channels, expected.ImageSize) != (actual.Channels, actual.ImageSize))
            {
                throw context.Refuse(
                    $"the teacher {teacher.Model} learned {source.TrainName}, inputs of {Words(expected)}, but has to look at "
                    + $"{task.TrainName}, inputs of {Words(actual)}");
            }
        }

        if (definition.Task is { } kind && !string.Equals(kind, task.Kind, StringComparison.Ordinal))
        {
            throw context.Refuse(
                $"{definition.Name} is for {kind} but the recipe's data, {task.TrainName}, is for {task.Kind}");
        }

        // Logits of another kind of task may be as many and say something else.
        if (definition.Teacher == TeacherNeed.SameClasses && context.Teacher.Source is { } learned && learned.Kind != task.Kind)
        {
            throw context.Refuse(
                $"{definition.Name} compares logits: expected a teacher for {task.Kind}, as the student {context.StudentModel} is, "
                + $"but got {context.Teacher.Model}, for {learned.Kind}");
        }

        if (definition.Teacher == TeacherNeed.SameClasses && context.Teacher.Classes != task.Classes)
        {
            throw context.Refuse(
                $"{definition.Name} compares logits: expected a teacher of {task.Classes} classes, as the student "
                + $"{context.StudentModel} has, but got {context.Teacher.Model} of {context.Teacher.Classes}");
        }
    }

    private static string Words(NetworkSignature signature) =>
        $"{signature.Channels}x{signature.ImageSize}x{signature.ImageSize}";
}
