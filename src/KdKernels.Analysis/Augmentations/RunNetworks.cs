using System.Text.Json;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Formats;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Training;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Augmentations;

/// <summary>The teacher of a run and its first student, with their latest weights, and the images that they learned.</summary>
internal sealed class RunNetworks : IDisposable
{
    private static readonly string[] Students = ["distilled-1", "plain-1"];

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

    /// <exception cref="RecipeException">There is no run, or it is not about images of the teacher's classes.</exception>
    /// <exception cref="CheckpointException">There is no teacher, or its weights are damaged.</exception>
    public static RunNetworks Open(string run, Action<string> message)
    {
        string path = Path.Combine(run, "recipe.yaml");
        if (!File.Exists(path))
        {
            throw new RecipeException(run, 0, "", "expected a run folder with recipe.yaml in it but there is none");
        }

        Recipe recipe = RecipeReader.Read(path);
        if (recipe.Teacher.Data is not null)
        {
            throw new RecipeException(
                path, 0, "teacher.data", "expected a teacher that learned the student's images but it learned others");
        }

        if (TaskCatalog.Load(recipe.Data, path) is not ImageClassification task)
        {
            throw new RecipeException(
                path, 0, "data.name",
                $"augmentations are measured on images of one class each, but {recipe.Data.Name} is for "
                + $"{TaskCatalog.KindOf(recipe.Data.Name)}");
        }

        Device device = TrainingDevice.Open(recipe);
        nn.Module<Tensor, Tensor> teacher = task.CreateNetwork(recipe.Teacher.Model, seed: 0, device);
        try
        {
            LoadTeacher(run, recipe, task, teacher, message);
            (nn.Module<Tensor, Tensor>? student, string? name) = OpenStudent(run, recipe, task, device, message);
            return new RunNetworks(recipe, task, teacher, student, name);
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

    private static void LoadTeacher(
        string run, Recipe recipe, ImageClassification task, nn.Module<Tensor, Tensor> teacher, Action<string> message)
    {
        if (recipe.Teacher.Checkpoint is { } weights)
        {
            WeightFile.Load(teacher, task.SignatureOf(recipe.Teacher.Model), weights, message);
            return;
        }

        if (!TryLoad(run, "teacher", NetworkRole.Teacher, recipe.Teacher.Model, recipe.Teacher.Solver.Epochs, task, teacher, message))
        {
            throw new CheckpointException(
                $"{run}: expected a checkpoint of the teacher in {Folder(run, "teacher")} but there is none");
        }
    }

    private static (nn.Module<Tensor, Tensor>? Student, string? Name) OpenStudent(
        string run, Recipe recipe, ImageClassification task, Device device, Action<string> message)
    {
        nn.Module<Tensor, Tensor> student = task.CreateNetwork(recipe.Student.Model, seed: 0, device);
        foreach (string name in Students)
        {
            if (TryLoad(run, name, NetworkRole.Plain, recipe.Student.Model, recipe.Student.Solver.Epochs, task, student, message))
            {
                return (student, name);
            }
        }

        student.Dispose();
        message("This run has no checkpoint of a student: the cross-entropy is left out.");
        return (null, null);
    }

    /// <summary>The latest whole checkpoint of a training, with a word where it is not the last one.</summary>
    private static bool TryLoad(
        string run,
        string name,
        NetworkRole role,
        string model,
        int epochs,
        ImageClassification task,
        nn.Module<Tensor, Tensor> network,
        Action<string> message)
    {
        var store = new CheckpointStore(Folder(run, name), keep: 1);
        if (store.OpenLatest(damaged => message($"{damaged.Message} Trying the one before.")) is not { } checkpoint)
        {
            return false;
        }

        string file = TrainingFiles.WeightsOf(role);
        if (!checkpoint.Files.TryGetValue(file, out ReadOnlyMemory<byte> weights))
        {
            throw new CheckpointException($"{store.Folder}: expected a checkpoint with {file} in it");
        }

        NetworkWeights.Load(network, task.SignatureOf(model), SafetensorsReader.Parse(weights, store.Folder), store.Folder);
        TrainingState state = checkpoint.State.Deserialize(RunJson.Default.TrainingState)!;
        if (state.Epoch < epochs)
        {
            message($"{name} has no final checkpoint: its latest is after {state.Epoch} of {epochs} epochs.");
        }

        return true;
    }

    private static string Folder(string run, string name) => Path.Combine(run, "checkpoints", name);
}
