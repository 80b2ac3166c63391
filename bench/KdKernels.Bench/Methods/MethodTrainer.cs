using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Bench.Methods;

/// <summary>Training steps of one student by one method, as the trainer makes them, on one batch that stays.</summary>
internal sealed class MethodTrainer : IDisposable
{
    private readonly nn.Module<Tensor, Tensor> _student;
    private readonly StudentObjective _objective;
    private readonly Optimizer _optimizer;
    private readonly Batch _batch;
    private long _step;

    /// <param name="recipe">Task, student, batch size, method.</param>
    /// <param name="task">Of the recipe.</param>
    /// <param name="teacher">Null where the method needs none.</param>
    /// <param name="device">Where everything lies.</param>
    /// <param name="firstStage">Of a two-stage method.</param>
    public MethodTrainer(Recipe recipe, LearningTask task, TeacherNetwork? teacher, Device device, bool firstStage)
    {
        // No dispose scope: what methods keep, banks and variances, must outlive this.
        _student = task.CreateNetwork(recipe.Student.Model, recipe.Seed, device);
        IReadOnlyList<MethodInstance> methods = MethodFactory.Create(
            recipe.Distill, task, recipe.Student.Model, _student, teacher, recipe.Seed, device);
        foreach (MethodInstance method in methods) method.Method.TeacherParts?.eval();
        _objective = new StudentObjective(
            task, _student, [new TeacherMethods(teacher, methods)], recipe.Distill, new StageSettings((ulong)recipe.Seed, firstStage));
        _optimizer = new Optimizer(
            [.. _student.parameters(), .. _objective.Parts.parameters()], _objective.Undecayed, recipe.Student.Solver);
        IBatches batches = task.TrainingBatches(recipe.Data.Augment, recipe.Student.Solver.BatchSize, recipe.Seed, device);
        _batch = batches.Load(batches.Plan.Batches(epoch: 0).First().Span, epoch: 0);
        _student.train();
    }

    /// <summary>One step; the rate is so low that the weights stay where ops are timed at their usual values.</summary>
    public void Run()
    {
        using var scope = NewDisposeScope();
        BatchLoss loss = _objective.Of(_batch, epoch: 0, _step++);
        if (!double.IsFinite(loss.Terms.Total)) throw new InvalidOperationException($"the loss became {loss.Terms.Total}");
        _optimizer.Minimise(loss.Loss, epoch: 0, stepLength: 1e-3);
        _objective.StepDone();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _objective.Dispose();
        _student.Dispose();
        _batch.Inputs.Dispose();
        _batch.Labels.Dispose();
        _batch.Indices.Dispose();
    }
}
