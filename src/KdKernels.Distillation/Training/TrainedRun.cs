using System.Text.Json;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;

namespace KdKernels.Distillation.Training;

/// <summary>A run, read without holding its folder: the networks that it trained, as they were at the epochs whose
/// checkpoints are there.</summary>
public sealed class TrainedRun
{
    private readonly Lazy<LearningTask> task;

    private TrainedRun(string path, Recipe recipe, ExperimentResult? result)
    {
        FullPath = path;
        Recipe = recipe;
        Result = result;
        task = new Lazy<LearningTask>(() => TaskCatalog.Load(recipe.Data, recipe.Name));
        Networks = [.. Teachers(), .. Students()];
    }

    /// <summary>Absolute.</summary>
    public string FullPath { get; }

    /// <summary>The fully resolved recipe of the run.</summary>
    public Recipe Recipe { get; }

    /// <summary>What the run found; null for one that was opened by <see cref="OpenUnfinished"/>.</summary>
    public ExperimentResult? Result { get; }

    /// <summary>The teachers, then the students of each repeat: plain, first stage, distilled. Those are left out whose
    /// checkpoints were removed; a teacher that was loaded is there.</summary>
    public IReadOnlyList<TrainedNetwork> Networks { get; }

    /// <summary>What the students learned; its data is loaded when it is first asked for.</summary>
    /// <exception cref="Data.KdDataException">Its files are missing or damaged.</exception>
    internal LearningTask Task => task.Value;

    /// <summary>Reads the folder of a finished run.</summary>
    /// <param name="path">With <c>recipe.yaml</c> and <c>summary.json</c> in it.</param>
    /// <exception cref="RunFolderException">One of them is missing or damaged: there is no run, or it is not
    /// finished.</exception>
    /// <exception cref="RecipeException">Its recipe cannot be understood.</exception>
    public static TrainedRun Open(string path)
    {
        (string full, Recipe recipe) = ReadRecipe(path);
        string summary = Path.Combine(full, "summary.json");
        if (!File.Exists(summary))
        {
            throw new RunFolderException($"expected a finished run, with summary.json in its folder, but got {full}");
        }

        try
        {
            ExperimentResult result = JsonSerializer.Deserialize(File.ReadAllText(summary), RunJson.Default.ExperimentResult)
                ?? throw new JsonException("expected an object but got null");
            return new TrainedRun(full, recipe, result);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new RunFolderException(
                $"{full} is not the folder of a finished run: {unreadable.Message}", unreadable);
        }
    }

    /// <summary>Reads the folder of a run that may still be going on: its networks are those that have checkpoints so
    /// far.</summary>
    /// <param name="path">With <c>recipe.yaml</c> in it.</param>
    /// <exception cref="RunFolderException">There is none, or it cannot be read.</exception>
    /// <exception cref="RecipeException">Its recipe cannot be understood.</exception>
    public static TrainedRun OpenUnfinished(string path)
    {
        (string full, Recipe recipe) = ReadRecipe(path);
        return new TrainedRun(full, recipe, result: null);
    }

    private static (string Path, Recipe Recipe) ReadRecipe(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string full = Path.GetFullPath(path), recipe = Path.Combine(full, "recipe.yaml");
        if (!File.Exists(recipe))
        {
            throw new RunFolderException($"expected a run folder with recipe.yaml in it but got {full}");
        }

        try
        {
            return (full, RecipeReader.Read(recipe, environment: new Dictionary<string, string>(StringComparer.Ordinal)));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new RunFolderException($"{recipe} cannot be read: {unreadable.Message}", unreadable);
        }
    }

    private IEnumerable<TrainedNetwork> Teachers()
    {
        if (Result is { Teacher: null })
        {
            yield break;
        }

        foreach ((int index, TeacherRecipe teacher) in Recipe.Teachers.Prepend(Recipe.Teacher).Index())
        {
            string name = TeacherStages.NameOf(index);
            Lazy<LearningTask> own = teacher.Data is { } data
                ? new Lazy<LearningTask>(() => TaskCatalog.Load(data, Recipe.Name, "teacher.data"))
                : task;
            if (teacher.Checkpoint is not null || Directory.Exists(StoreOf(name).Folder))
            {
                yield return new TrainedNetwork(StoreOf(name), own)
                {
                    Name = name,
                    Role = NetworkRole.Teacher,
                    Repeat = 0,
                    Seed = Recipe.Seed + index,
                    Model = teacher.Model,
                    Epochs = teacher.Checkpoint is null ? teacher.Solver.Epochs : 0,
                    Source = teacher.Checkpoint,
                };
            }
        }
    }

    private IEnumerable<TrainedNetwork> Students()
    {
        int epochs = Recipe.Student.Solver.Epochs;
        int firstEpochs = new Arm("distilled", Recipe.Distill).FirstStageEpochs;
        (int plain, int distilled) = (Result?.Plain.Count ?? Recipe.Seeds, Result?.Distilled.Count ?? Recipe.Seeds);
        for (int repeat = 0; repeat < plain; repeat++)
        {
            List<TrainedNetwork> students = [Student($"plain-{repeat + 1}", NetworkRole.Plain, repeat, epochs)];
            if (repeat < distilled)
            {
                students.Add(Student($"distilled-first-{repeat + 1}", NetworkRole.FirstStage, repeat, firstEpochs));
                students.Add(Student($"distilled-{repeat + 1}", NetworkRole.Distilled, repeat, epochs));
            }

            foreach (TrainedNetwork student in students.Where(student => Directory.Exists(student.Folder)))
            {
                yield return student;
            }
        }
    }

    private TrainedNetwork Student(string name, NetworkRole role, int repeat, int epochs) => new(StoreOf(name), task)
    {
        Name = name,
        Role = role,
        Repeat = repeat,
        Seed = Recipe.Seed + repeat,
        Model = Recipe.Student.Model,
        Epochs = epochs,
    };

    // Only read here: it never comes to prune.
    private CheckpointStore StoreOf(string name) =>
        new(Path.Combine(FullPath, "checkpoints", name), Recipe.Checkpoint.Keep, pinned: Recipe.Trace.Epochs);
}
