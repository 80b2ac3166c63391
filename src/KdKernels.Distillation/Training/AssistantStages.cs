using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Methods.Logits;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>
/// The networks between teacher and student (TAKD): a chain, or the best path, found by dynamic programming: the best version
/// of a network is the one whose teacher, itself at its best, gives the highest accuracy on items that no version has seen.
/// </summary>
internal sealed class AssistantStages(Recipe recipe, LearningTask task, StageRunner runner, Arm arm) : IDisposable
{
    private readonly MethodRecipe method = arm.Assisted!;
    private readonly List<TeacherNetwork> networks = [];

    /// <summary>How many trainings a method's assistants take, the student's own not counted.</summary>
    public static int Count(MethodRecipe? method)
    {
        int assistants = method is null ? 0 : MethodCatalog.Find(method.Name)!.Assistants(method.Settings).Count;
        return method is not null && IsBest(method)
            ? (assistants + 1) * (assistants + 2) / 2
            : assistants;
    }

    /// <summary>Trains the assistants and gives the one that teaches the students; or the teacher where that is better.</summary>
    public TeacherNetwork Train(TeacherNetwork teacher, CancellationToken cancellation)
    {
        IReadOnlyList<string> models = MethodCatalog.Find(method.Name)!.Assistants(method.Settings);
        return IsBest(method) ? BestPath(teacher, models, cancellation) : Chain(teacher, models, cancellation);
    }

    public void Dispose()
    {
        foreach (TeacherNetwork network in networks)
        {
            network.Network.Dispose();
        }
    }

    private static bool IsBest(MethodRecipe method) =>
        string.Equals(method.Settings.Text("paths"), TakdMethod.Best, StringComparison.Ordinal);

    private TeacherNetwork Chain(TeacherNetwork teacher, IReadOnlyList<string> models, CancellationToken cancellation)
    {
        TeacherNetwork current = teacher;
        foreach ((int index, string model) in models.Index())
        {
            current = Hop(task, current, model, $"{arm.Name}-assistant-{index + 1}", cancellation).Network;
        }

        return current;
    }

    private TeacherNetwork BestPath(TeacherNetwork teacher, IReadOnlyList<string> models, CancellationToken cancellation)
    {
        LearningTask selection = task.ForSelection()
            ?? throw new RecipeException(recipe.Name, 0, "distill.paths", $"expected chain for {task.Kind} but got best");
        List<TeacherNetwork> best = [teacher];
        foreach ((int index, string model) in models.Append(recipe.Student.Model).Index())
        {
            bool isStudent = index == models.Count;
            string name = isStudent ? $"{arm.Name}-search" : $"{arm.Name}-assistant-{index + 1}";
            (TeacherNetwork Network, double Accuracy, TeacherNetwork Parent) winner = best
                .Select((parent, from) =>
                {
                    (TeacherNetwork network, double accuracy) =
                        Hop(selection, parent, model, $"{name}-from-{from}", cancellation);
                    return (network, accuracy, parent);
                })
                .MaxBy(candidate => candidate.accuracy);
            if (isStudent)
            {
                return winner.Parent;
            }

            best.Add(winner.Network);
        }

        throw new InvalidOperationException("the student ends every path");
    }

    private (TeacherNetwork Network, double Accuracy) Hop(
        LearningTask learned, TeacherNetwork parent, string model, string name, CancellationToken cancellation)
    {
        nn.Module<Tensor, Tensor> network = learned.CreateNetwork(model, recipe.Seed, runner.Device);
        var hop = new DistillRecipe { Methods = [method], Labels = arm.Distill.Labels, Ops = arm.Distill.Ops };
        var stage = new Stage
        {
            Name = name,
            Role = NetworkRole.Assistant,
            Seed = recipe.Seed,
            Model = model,
            Solver = recipe.Student.Solver,
            DependsOn = recipe with { Distill = arm.Distill },
            TeacherPredictions = ReferenceEquals(learned, task) ? parent.Predictions : null,
        };
        IReadOnlyList<MethodInstance> methods = MethodFactory.Create(
            hop, learned, model, network, parent, recipe.Seed, runner.Device);
        var objective = new StudentObjective(
            learned, network, [new TeacherMethods(parent, methods)], hop, new StageSettings((ulong)recipe.Seed, FirstStage: false));
        Outcome outcome = runner.Train(learned, network, stage, objective, cancellation);
        network.eval();
        int[]? predictions = ReferenceEquals(learned, task) ? outcome.Evaluation.Predictions : null;
        var taught = new TeacherNetwork(name, model, network, learned.Classes, predictions);
        networks.Add(taught);
        return (taught, outcome.Result.HeldOut.Accuracy);
    }
}
