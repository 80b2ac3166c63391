using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Formats;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>What is trained once before the students: the teachers, and what a method puts on top of them.</summary>
internal sealed class TeacherStages(Recipe recipe, LearningTask task, StageRunner runner) : IDisposable
{
    private readonly List<TeacherNetwork> teachers = [];
    private readonly Dictionary<string, byte[]> parts = new(StringComparer.Ordinal);

    public IReadOnlyList<TeacherNetwork> Teachers => teachers;

    /// <summary>The first teacher; null where none was needed.</summary>
    public Outcome? First { get; private set; }

    /// <summary>Every teacher of a recipe with the task that it learns.</summary>
    /// <exception cref="RecipeException">A teacher's data or model is impossible.</exception>
    public static IReadOnlyList<(TeacherRecipe Recipe, LearningTask Task)> Plan(Recipe recipe, LearningTask task) =>
    [
        .. recipe.Teachers.Prepend(recipe.Teacher).Select(teacher =>
            (teacher, teacher.Data is null ? task : TaskCatalog.Load(teacher.Data, recipe.Name, "teacher.data"))),
    ];

    /// <summary>What the training of a recipe's teacher is called; the first has index 0.</summary>
    public static string NameOf(int index) => index == 0 ? "teacher" : $"teacher-{index + 1}";

    public void Train(CancellationToken cancellation)
    {
        foreach ((int index, (TeacherRecipe teacher, LearningTask own)) in Plan(recipe, task).Index())
        {
            string name = NameOf(index);
            long seed = recipe.Seed + index;
            nn.Module<Tensor, Tensor> network = own.CreateNetwork(teacher.Model, seed, runner.Device);
            var stage = new Stage
            {
                Name = name,
                Role = NetworkRole.Teacher,
                Seed = seed,
                Model = teacher.Model,
                Solver = teacher.Solver,
                DependsOn = recipe with
                {
                    Teacher = teacher, Teachers = [], Student = new StudentRecipe(), Distill = new DistillRecipe(),
                },
            };
            Outcome outcome = teacher.Checkpoint is { } path
                ? runner.Load(own, network, stage, path)
                : runner.Train(own, network, stage, Labels(own, network, seed), cancellation);
            network.eval();
            First ??= outcome;
            teachers.Add(new TeacherNetwork(
                name, teacher.Model, network, own.Classes, ReferenceEquals(own, task) ? outcome.Evaluation.Predictions : null)
            {
                Source = own,
            });
        }
    }

    /// <summary>Trains what an arm's methods put on top of the teachers; its students then all start from that.</summary>
    public void TrainParts(Arm arm, CancellationToken cancellation)
    {
        foreach (TeacherNetwork teacher in teachers)
        {
            foreach (MethodInstance method in Make(arm, teacher))
            {
                int epochs = MethodCatalog.Find(method.Recipe.Name)!.TeacherStageEpochs(method.Recipe.Settings);
                if (epochs == 0 || method.Method.TeacherParts is null)
                {
                    method.Method.Dispose();
                    continue;
                }

                string name = $"{teacher.Name}-{method.Recipe.Name}";
                SolverRecipe solver = recipe.Teacher.Solver with
                {
                    Epochs = epochs, Schedule = recipe.Teacher.Solver.Schedule.Rescaled(recipe.Teacher.Solver.Epochs, epochs),
                };
                var stage = new Stage
                {
                    Name = name,
                    Role = NetworkRole.TeacherParts,
                    Seed = recipe.Seed,
                    Model = teacher.Model,
                    Solver = solver,
                    DependsOn = recipe with { Student = new StudentRecipe(), Distill = arm.Distill },
                };
                var objective = new TeacherPartsObjective(
                    task, teacher, method, arm.Distill.Ops, (ulong)recipe.Seed, trained => parts[Key(arm, teacher, method)] = trained);
                runner.Train(task, teacher.Network, stage, objective, cancellation);
                teacher.Network.eval();
            }
        }
    }

    /// <summary>An arm's methods over a teacher for one student, with what was trained on top of the teacher.</summary>
    public IReadOnlyList<MethodInstance> Make(
        Arm arm, TeacherNetwork? teacher, LearningTask learned, nn.Module<Tensor, Tensor> student, long seed)
    {
        string suffix = teacher is null || teachers.Count < 2 ? "" : $"-{teacher.Name}";
        IReadOnlyList<MethodInstance> methods = MethodFactory.Create(
            arm.Distill, learned, recipe.Student.Model, student, teacher, seed, runner.Device, suffix);
        foreach (MethodInstance method in methods)
        {
            if (teacher is not null && parts.TryGetValue(Key(arm, teacher, method), out byte[]? trained))
            {
                NetworkWeights.Load(
                    method.Method.TeacherParts!, TrainedParts, SafetensorsReader.Parse(trained, teacher.Name), teacher.Name);
            }

            method.Method.TeacherParts?.eval();
        }

        return methods;
    }

    public void Dispose()
    {
        foreach (TeacherNetwork teacher in teachers)
        {
            teacher.Network.Dispose();
        }
    }

    internal static NetworkSignature TrainedParts { get; } = new("parts", 0, 0, 0);

    private static string Key(Arm arm, TeacherNetwork teacher, MethodInstance method) =>
        $"{arm.Name}/{teacher.Name}/{method.Recipe.Name}";

    private static StudentObjective Labels(LearningTask task, nn.Module<Tensor, Tensor> network, long seed) =>
        new(task, network, [], DistillRecipe.None, new StageSettings((ulong)seed, FirstStage: false));

    // A student that is never trained: methods look at its shapes.
    private IReadOnlyList<MethodInstance> Make(Arm arm, TeacherNetwork teacher)
    {
        using nn.Module<Tensor, Tensor> student = task.CreateNetwork(recipe.Student.Model, recipe.Seed, runner.Device);
        return MethodFactory.Create(
            arm.Distill, task, recipe.Student.Model, student, teacher, recipe.Seed, runner.Device);
    }
}
