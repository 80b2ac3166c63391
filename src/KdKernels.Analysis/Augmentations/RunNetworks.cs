using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Training;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Augmentations;

/// <summary>The teacher of a run and its first student, with their latest weights, and the images that they learned.</summary>
internal sealed class RunNetworks : IDisposable
{
    private RunNetworks(
        Recipe recipe, ImageClassification task, nn.Module<Tensor, Tensor> teacher, nn.Module<Tensor, Tensor>? student, string? name)
    {
        Recipe = recipe;
        Task = task;
        Teacher = teacher;
        Student = student;
        StudentName = name;
    }

    public Recipe Recipe { get; }

    public ImageClassification Task { get; }

    public nn.Module<Tensor, Tensor> Teacher { get; }

    /// <summary>The distilled one, or the plain one where there is no other; null without any.</summary>
    public nn.Module<Tensor, Tensor>? Student { get; }

    /// <summary>The name of its training.</summary>
    public string? StudentName { get; }

    /// <exception cref="RunFolderException">There is no run.</exception>
    /// <exception cref="RecipeException">It is not about images of the teacher's classes.</exception>
    /// <exception cref="CheckpointException">There is no teacher, or its weights are damaged.</exception>
    public static RunNetworks Open(string path, Action<string> message)
    {
        var run = TrainedRun.OpenUnfinished(path);
        if (run.Recipe.Teacher.Data is not null)
        {
            throw new RecipeException(
                path, 0, "teacher.data", "expected a teacher that learned the student's images but it learned others");
        }

        if (run.Task is not ImageClassification task)
        {
            throw new RecipeException(
                path, 0, "data.name",
                $"augmentations are measured on images of one class each, but {run.Recipe.Data.Name} is for "
                + $"{TaskCatalog.KindOf(run.Recipe.Data.Name)}");
        }

        Device device = TrainingDevice.Open(run.Recipe);
        TrainedNetwork trained = First(run, NetworkRole.Teacher)
            ?? throw new CheckpointException(
                $"{path}: expected a checkpoint of the teacher in {Path.Combine(path, "checkpoints", "teacher")} but there is none");
        nn.Module<Tensor, Tensor> teacher = trained.LoadLatest(message, device);
        try
        {
            TrainedNetwork? student = First(run, NetworkRole.Distilled) ?? First(run, NetworkRole.Plain);
            if (student is null)
            {
                message("This run has no checkpoint of a student: the cross-entropy is left out.");
            }

            return new RunNetworks(run.Recipe, task, teacher, student?.LoadLatest(message, device), student?.Name);
        }
        catch
        {
            teacher.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Teacher.Dispose();
        Student?.Dispose();
    }

    private static TrainedNetwork? First(TrainedRun run, NetworkRole role) =>
        run.Networks.FirstOrDefault(network => network.Role == role);
}
