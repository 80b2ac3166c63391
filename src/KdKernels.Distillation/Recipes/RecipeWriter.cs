using System.Globalization;
using System.Text;
using System.Text.Json;

namespace KdKernels.Distillation.Recipes;

/// <summary>Writes a recipe with every value spelled out, in the order of its sections.</summary>
internal static class RecipeWriter
{
    public static string Write(Recipe recipe)
    {
        var yaml = new StringBuilder();
        Line(yaml, 0, "name", Text(recipe.Name));
        Line(yaml, 0, "seed", recipe.Seed.ToString(CultureInfo.InvariantCulture));
        Line(yaml, 0, "seeds", Number(recipe.Seeds));
        Line(yaml, 0, "device", Text(recipe.Device));
        Line(yaml, 0, "threads", Number(recipe.Threads));

        DataRecipe data = recipe.Data;
        Section(yaml, 0, "data");
        Line(yaml, 1, "name", Text(data.Name));
        Line(yaml, 1, "root", Text(data.Root));
        Line(yaml, 1, "train", Number(data.Train));
        Line(yaml, 1, "test", Number(data.Test));
        Line(yaml, 1, "validation", Number(data.Validation));
        Line(yaml, 1, "image-size", Number(data.ImageSize));
        Section(yaml, 1, "augment");
        Line(yaml, 2, "crop", Number(data.Augment.Crop));
        Line(yaml, 2, "flip", Boolean(data.Augment.Flip));
        Line(yaml, 2, "cutout", Number(data.Augment.Cutout));

        Section(yaml, 0, "teacher");
        Line(yaml, 1, "model", Text(recipe.Teacher.Model));
        Line(yaml, 1, "checkpoint", Text(recipe.Teacher.Checkpoint));
        Solver(yaml, recipe.Teacher.Solver);

        Section(yaml, 0, "student");
        Line(yaml, 1, "model", Text(recipe.Student.Model));
        Solver(yaml, recipe.Student.Solver);

        Section(yaml, 0, "distill");
        Line(yaml, 1, "method", RecipeNames.Of(recipe.Distill.Method));
        Line(yaml, 1, "temperature", Scheduled(recipe.Distill.Temperature));
        Line(yaml, 1, "alpha", Scheduled(recipe.Distill.Alpha));
        Line(yaml, 1, "ops", RecipeNames.Of(recipe.Distill.Ops));

        Section(yaml, 0, "evaluation");
        Line(yaml, 1, "every", Number(recipe.Evaluation.Every));
        Line(yaml, 1, "batch-size", Number(recipe.Evaluation.BatchSize));
        Line(yaml, 1, "bootstrap", Number(recipe.Evaluation.Bootstrap));

        Section(yaml, 0, "checkpoint");
        Line(yaml, 1, "every", Number(recipe.Checkpoint.Every));
        Line(yaml, 1, "keep", Number(recipe.Checkpoint.Keep));
        return yaml.ToString();
    }

    private static void Solver(StringBuilder yaml, SolverRecipe solver)
    {
        Section(yaml, 1, "solver");
        Line(yaml, 2, "optimizer", RecipeNames.Of(solver.Optimizer));
        Line(yaml, 2, "lr", Number(solver.LearningRate));
        Line(yaml, 2, "momentum", Number(solver.Momentum));
        Line(yaml, 2, "weight-decay", Number(solver.WeightDecay));
        Line(yaml, 2, "nesterov", Boolean(solver.Nesterov));
        Line(yaml, 2, "epochs", Number(solver.Epochs));
        Line(yaml, 2, "batch-size", Number(solver.BatchSize));
        Section(yaml, 2, "schedule");
        Line(yaml, 3, "kind", RecipeNames.Of(solver.Schedule.Kind));
        Line(yaml, 3, "milestones", $"[{string.Join(", ", solver.Schedule.Milestones)}]");
        Line(yaml, 3, "gamma", Number(solver.Schedule.Gamma));
        Line(yaml, 3, "warm-up", Number(solver.Schedule.WarmUp));
        Line(yaml, 2, "clip-norm", Number(solver.ClipNorm));
    }

    private static void Section(StringBuilder yaml, int depth, string key) =>
        yaml.Append(' ', depth * 2).Append(key).Append(":\n");

    private static void Line(StringBuilder yaml, int depth, string key, string value) =>
        yaml.Append(' ', depth * 2).Append(key).Append(": ").Append(value).Append('\n');

    // JSON's double-quoted strings are YAML's, escapes included.
    private static string Text(string? text) =>
        text is null ? "null" : JsonSerializer.Serialize(text, RecipeNames.PlainText);

    private static string Boolean(bool value) => value ? "true" : "false";

    private static string Number(double value) =>
        double.IsPositiveInfinity(value) ? ".inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Scheduled(ScheduledValue value) => value.IsConstant
        ? Number(value.To)
        : $"{{from: {Number(value.From)}, to: {Number(value.To)}, epochs: {Number(value.Epochs)}, "
            + $"kind: {RecipeNames.Of(value.Kind)}}}";
}
