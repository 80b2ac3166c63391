using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>What a session found: the teacher, the plain students, and each arm's students; one of each per seed.</summary>
internal sealed record SessionOutcome(
    Outcome? Teacher, IReadOnlyList<Outcome> Plain, IReadOnlyList<IReadOnlyList<Outcome>> Arms);

/// <summary>
/// One process's work on an experiment: the teachers are trained once, then for every seed a plain student and one student
/// per arm, which start from the same weights and see the same batches.
/// </summary>
internal sealed class ExperimentSession : IDisposable
{
    private readonly Recipe recipe;
    private readonly IReadOnlyList<Arm> arms;
    private readonly LearningTask task;
    private readonly LearningTask studentTask;
    private readonly StageRunner runner;
    private readonly TeacherStages teachers;
    private readonly List<AssistantStages> assistants = [];

    /// <summary>Loads the data and checks everything; nothing is trained yet.</summary>
    /// <exception cref="RecipeException">Data, networks and methods do not go together.</exception>
    public ExperimentSession(
        RunFolder folder, RunRecorder recorder, ITrainingObserver observer, IReadOnlyList<Arm> arms)
    {
        recipe = folder.Recipe;
        this.arms = [.. arms.Where(arm => arm.Distill.Distils)];
        Device device = TrainingDevice.Open(recipe);
        task = TaskCatalog.Load(recipe.Data, recipe.Name);
        studentTask = Restricted(recipe, task);
        ExperimentCheck.Run(recipe, task, studentTask, this.arms);
        RunEnvironment.Of(recipe, task, TrainingDevice.Describe(device)).Write(folder.EnvironmentPath);
        runner = new StageRunner(folder, recorder, observer, device, CountStages());
        teachers = new TeacherStages(recipe, task, runner);
    }

    public LearningTask Task => task;

    /// <summary>How many items a student is trained on.</summary>
    public int StudentItems => studentTask.TrainCount;

    /// <summary>Whether data, networks and methods go together, without training anything.</summary>
    /// <exception cref="RecipeException">They do not.</exception>
    public static void Check(Recipe recipe, IReadOnlyList<Arm> arms)
    {
        LearningTask learned = TaskCatalog.Load(recipe.Data, recipe.Name);
        ExperimentCheck.Run(recipe, learned, Restricted(recipe, learned), [.. arms.Where(arm => arm.Distill.Distils)]);
    }

    private bool NeedsTeacher => arms.Any(arm => arm.Distill.NeedsTeacher);

    public SessionOutcome Run(CancellationToken cancellation)
    {
        if (NeedsTeacher)
        {
            teachers.Train(cancellation);
            foreach (Arm arm in arms)
            {
                teachers.TrainParts(arm, cancellation);
            }
        }

        IReadOnlyList<TeacherNetwork>[] taught = [.. arms.Select(arm => TeachersOf(arm, cancellation))];
        List<Outcome> plain = [];
        List<Outcome>[] taughtOnes = [.. arms.Select(_ => new List<Outcome>())];
        for (int repeat = 0; repeat < recipe.Seeds; repeat++)
        {
            plain.Add(Plain(repeat, cancellation));
            for (int arm = 0; arm < arms.Count; arm++)
            {
                taughtOnes[arm].Add(Taught(arms[arm], taught[arm], repeat, cancellation));
            }
        }

        return new SessionOutcome(teachers.First, plain, taughtOnes);
    }

    public void Dispose()
    {
        teachers.Dispose();
        foreach (AssistantStages stages in assistants)
        {
            stages.Dispose();
        }
    }

    private static LearningTask Restricted(Recipe recipe, LearningTask task)
    {
        StudentRecipe student = recipe.Student;
        if (student.OmitClass is { } omitted && omitted >= task.ItemClasses)
        {
            throw new RecipeException(
                recipe.Name, 0, "student.omit-class", $"expected a class from 0 to {task.ItemClasses - 1} but got {omitted}");
        }

        LearningTask restricted = student.PerClass == 0 && student.OmitClass is null
            ? task
            : task.WithTraining(student.PerClass, student.OmitClass ?? -1);
        return restricted.TrainCount < 2
            ? throw new RecipeException(
                recipe.Name, 0, "student.per-class", $"expected at least 2 training items but got {restricted.TrainCount}")
            : restricted;
    }

    private int CountStages()
    {
        int teacherCount = NeedsTeacher ? 1 + recipe.Teachers.Count : 0;
        return teacherCount + recipe.Seeds + arms.Sum(arm => arm.Stages(recipe.Seeds, Math.Max(1, teacherCount)));
    }

    private IReadOnlyList<TeacherNetwork> TeachersOf(Arm arm, CancellationToken cancellation)
    {
        if (!arm.Distill.NeedsTeacher)
        {
            return [];
        }

        if (arm.Assisted is null)
        {
            return teachers.Teachers;
        }

        var stages = new AssistantStages(recipe, studentTask, runner, arm);
        assistants.Add(stages);
        return [stages.Train(teachers.Teachers[0], cancellation)];
    }

    private Outcome Plain(int repeat, CancellationToken cancellation)
    {
        long seed = recipe.Seed + repeat;
        using nn.Module<Tensor, Tensor> network = studentTask.CreateNetwork(recipe.Student.Model, seed, runner.Device);
        var stage = new Stage
        {
            Name = $"plain-{repeat + 1}",
            Role = NetworkRole.Plain,
            Repeat = repeat,
            Seed = seed,
            Model = recipe.Student.Model,
            Solver = recipe.Student.Solver,
            DependsOn = recipe with { Teacher = new TeacherRecipe(), Teachers = [], Distill = DistillRecipe.None },
        };
        var objective = new StudentObjective(
            studentTask, network, [], DistillRecipe.None, new StageSettings((ulong)seed, FirstStage: false));
        return runner.Train(studentTask, network, stage, objective, cancellation);
    }

    private Outcome Taught(Arm arm, IReadOnlyList<TeacherNetwork> from, int repeat, CancellationToken cancellation)
    {
        long seed = recipe.Seed + repeat;
        using nn.Module<Tensor, Tensor> network = studentTask.CreateNetwork(recipe.Student.Model, seed, runner.Device);
        int epochs = arm.FirstStageEpochs;
        Outcome? first = null;
        if (epochs > 0)
        {
            SolverRecipe solver = recipe.Student.Solver with
            {
                Epochs = epochs,
                Schedule = recipe.Student.Solver.Schedule.Rescaled(recipe.Student.Solver.Epochs, epochs),
            };
            first = Teach(
                arm, from, network, $"{arm.Name}-first-{repeat + 1}", NetworkRole.FirstStage, solver, repeat, cancellation);
        }

        Outcome second = Teach(
            arm, from, network, $"{arm.Name}-{repeat + 1}", NetworkRole.Distilled, recipe.Student.Solver, repeat, cancellation);
        return first is null ? second : second.After(first);
    }

    private Outcome Teach(
        Arm arm,
        IReadOnlyList<TeacherNetwork> from,
        nn.Module<Tensor, Tensor> network,
        string name,
        NetworkRole role,
        SolverRecipe solver,
        int repeat,
        CancellationToken cancellation)
    {
        long seed = recipe.Seed + repeat;
        TeacherMethods[] methods = from.Count == 0
            ? [new TeacherMethods(null, teachers.Make(arm, null, studentTask, network, seed))]
            : [.. from.Select(teacher => new TeacherMethods(
                teacher, teachers.Make(arm, teacher, studentTask, network, seed)))];
        var stage = new Stage
        {
            Name = name,
            Role = role,
            Repeat = repeat,
            Seed = seed,
            Model = recipe.Student.Model,
            Solver = solver,
            DependsOn = recipe with { Distill = arm.Distill },
            TeacherPredictions = from.Count == 0 ? null : from[0].Predictions,
        };
        var objective = new StudentObjective(
            studentTask, network, methods, arm.Distill, new StageSettings((ulong)seed, role == NetworkRole.FirstStage));
        return runner.Train(studentTask, network, stage, objective, cancellation);
    }
}
