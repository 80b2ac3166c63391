using System.Globalization;
using System.Text.Json;
using KdKernels.Bench.Harness;
using KdKernels.Core;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Bench.Methods;

/// <summary>
/// <c>KdKernels.Bench methods</c>: time of a training step of every method, with the kernels, with composed operations, and of the
/// plain student, in turn, at the shapes of the method's recipe.
/// </summary>
internal static class MethodStepsCommand
{
    /// <param name="only">One method; null for all.</param>
    /// <param name="overrides">Of the recipes, as <c>key=value</c>.</param>
    /// <param name="options">Threads, rounds, time.</param>
    /// <param name="json">Lines for scripts.</param>
    public static int Run(string? only, IReadOnlyList<string> overrides, BenchOptions options, bool json)
    {
        set_num_threads(options.Threads);
        KdCpu.Threads = options.Threads;
        MethodDefinition[] methods =
        [
            .. MethodCatalog.All.Where(method => method.Name != MethodCatalog.None && (only is null || method.Name == only)),
        ];
        if (methods.Length == 0)
        {
            Console.Error.WriteLine($"There is no method '{only}': {string.Join(", ", MethodCatalog.Names)}.");
            return 1;
        }
        if (!json)
        {
            Console.WriteLine(
                $"{options.Threads} threads, medians of up to {options.Rounds} alternating rounds; a step is forward, loss, backward, update");
            Console.WriteLine($"{"method",-20} {"teacher -> student",-32} {"batch",5} {"ms",9} {"over none",10} {"composed / fused",17}");
        }
        foreach (MethodDefinition method in methods) Print(Measure(method, overrides, options), json);
        return 0;
    }

    private static MethodStepTime Measure(MethodDefinition method, IReadOnlyList<string> overrides, BenchOptions options)
    {
        Recipe recipe = RecipeReader.Read(method.Recipe, [$"method={method.Name}", .. overrides]);
        LearningTask task = TaskCatalog.Load(recipe.Data, recipe.Name);
        bool taught = recipe.Distill.NeedsTeacher;
        using nn.Module<Tensor, Tensor>? network = taught
            ? task.CreateNetwork(recipe.Teacher.Model, recipe.Seed + 1, CPU)
            : null;
        network?.eval();
        TeacherNetwork? teacher = network is null
            ? null
            : new TeacherNetwork("teacher", recipe.Teacher.Model, network, task.Classes, null) { Source = task };
        bool first = method.FirstStageEpochs(recipe.Distill.Methods[0].Settings) > 0;
        var slow = recipe with
        {
            Student = recipe.Student with { Solver = recipe.Student.Solver with { LearningRate = 1e-6 } },
        };
        using var fused = new MethodTrainer(slow, task, teacher, CPU, first);
        using var composed = new MethodTrainer(
            slow with { Distill = slow.Distill with { Ops = DistillOps.Composed } }, task, teacher, CPU, first);
        using var none = new MethodTrainer(
            slow with { Distill = DistillRecipe.None }, task, null, CPU, firstStage: false);
        AlternatingTimer timer = AlternatingTimer.Measure(
            [new("fused", fused.Run), new("composed", composed.Run), new("none", none.Run)],
            options.Rounds, options.Slice, options.Budget);
        return new MethodStepTime(
            method.Name,
            taught ? $"{recipe.Teacher.Model} -> {recipe.Student.Model}" : recipe.Student.Model,
            recipe.Student.Solver.BatchSize,
            first ? "first" : "only",
            timer.Median("fused") / 1000,
            1 / timer.Ratio("none"),
            timer.Ratio("composed"));
    }

    private static void Print(MethodStepTime time, bool json) => Console.WriteLine(json
        ? JsonSerializer.Serialize(time, MethodStepJson.Default.MethodStepTime)
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{time.Method,-20} {time.Networks,-32} {time.Batch,5} {time.Milliseconds,9:F2} {time.OverNone,10:F2} {time.ComposedOverFused,17:F2}"));
}
