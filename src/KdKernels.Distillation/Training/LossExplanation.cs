using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>One term of a recipe's loss: its contract, and what it does on a batch.</summary>
/// <param name="Method">The method that it belongs to; <c>labels</c> for the loss against labels.</param>
/// <param name="Stage">1 for a two-stage method's first stage, else 2 or, without stages, 1.</param>
/// <param name="Contract">Numerator, divisor, power of T, weight, gradient, what is detached.</param>
/// <param name="Value">On the batch, without its weight.</param>
/// <param name="GradientAt">Where the gradient was measured: <c>logits</c>, or the tapped layer that gets most, or the
/// student's first weight; null where none of them gets any.</param>
/// <param name="GradientScale">Root mean square of the weighted term's gradient per element there.</param>
public sealed record ExplainedTerm(
    string Method, int Stage, TermContract Contract, double Value, string? GradientAt, double? GradientScale);

/// <summary>What a recipe minimises, term by term, with numbers from one batch of its data.</summary>
/// <param name="Recipe">Its name.</param>
/// <param name="Methods">The methods' names.</param>
/// <param name="BatchSize">Items of the batch.</param>
/// <param name="Networks">How the networks came: untrained, or loaded.</param>
/// <param name="Terms">Stage by stage.</param>
public sealed record LossExplanation(
    string Recipe, IReadOnlyList<string> Methods, int BatchSize, string Networks, IReadOnlyList<ExplainedTerm> Terms)
{
    /// <summary>Computes each term on the first batch. The student is untrained; so is the teacher, unless the recipe names its
    /// weights.</summary>
    /// <exception cref="RecipeException">Data, networks and methods do not go together.</exception>
    public static LossExplanation Of(Recipe recipe, Action<string> message)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        using var scope = NewDisposeScope();
        Device device = TrainingDevice.Open(recipe);
        LearningTask task = TaskCatalog.Load(recipe.Data, recipe.Name);
        var arm = new Arm("explained", recipe.Distill);
        ExperimentCheck.Run(recipe, task, task, recipe.Distill.Distils ? [arm] : []);
        using nn.Module<Tensor, Tensor> student = task.CreateNetwork(recipe.Student.Model, recipe.Seed, device);
        (TeacherRecipe teacherRecipe, LearningTask teacherTask) = TeacherStages.Plan(recipe, task)[0];
        using nn.Module<Tensor, Tensor>? network = recipe.Distill.NeedsTeacher
            ? teacherTask.CreateNetwork(teacherRecipe.Model, recipe.Seed, device)
            : null;
        if (network is not null && teacherRecipe.Checkpoint is { } path)
        {
            WeightFile.Load(network, teacherTask.SignatureOf(teacherRecipe.Model), path, message);
        }

        network?.eval();
        TeacherNetwork? teacher = network is null
            ? null
            : new TeacherNetwork("teacher", teacherRecipe.Model, network, teacherTask.Classes, null);
        List<ExplainedTerm> terms = [];
        int last = arm.FirstStageEpochs > 0 ? 2 : 1;
        for (int stage = 1; stage <= last; stage++)
        {
            using var probe = new LossProbe(recipe, task, student, teacher, device, first: stage < last);
            terms.AddRange(probe.Explain(stage));
        }

        string networks = network is null ? "untrained student"
            : teacherRecipe.Checkpoint is null ? "untrained networks" : "untrained student, loaded teacher";
        return new LossExplanation(
            recipe.Name,
            [.. recipe.Distill.Methods.Select(method => method.Name)],
            Math.Min(recipe.Student.Solver.BatchSize, task.TrainCount),
            networks,
            terms);
    }
}
