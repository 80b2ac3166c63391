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

        Data(yaml, 0, recipe.Data);
        Section(yaml, 0, "teacher");
        Teacher(yaml, 1, recipe.Teacher);
        Teachers(yaml, recipe.Teachers);

        Section(yaml, 0, "student");
        Line(yaml, 1, "model", Text(recipe.Student.Model));
        Line(yaml, 1, "per-class", Number(recipe.Student.PerClass));
        Line(yaml, 1, "omit-class", recipe.Student.OmitClass is { } omitted ? Number(omitted) : "null");
        Solver(yaml, 1, recipe.Student.Solver);

        Section(yaml, 0, "distill");
        Distill(yaml, recipe.Distill);

        Section(yaml, 0, "evaluation");
        Line(yaml, 1, "every", Number(recipe.Evaluation.Every));
        Line(yaml, 1, "batch-size", Number(recipe.Evaluation.BatchSize));
        Line(yaml, 1, "noise", $"[{string.Join(", ", recipe.Evaluation.Noise.Select(Number))}]");
        Line(yaml, 1, "bootstrap", Number(recipe.Evaluation.Bootstrap));

        Section(yaml, 0, "checkpoint");
        Line(yaml, 1, "every", Number(recipe.Checkpoint.Every));
        Line(yaml, 1, "keep", Number(recipe.Checkpoint.Keep));
        Trace(yaml, recipe.Trace);
        return yaml.ToString();
    }

    /// <summary>A setting's value as YAML.</summary>
    internal static string Value(object value) => value switch
    {
        ScheduledValue scheduled => Scheduled(scheduled),
        double number => Number(number),
        int number => Number(number),
        bool flag => Boolean(flag),
        string text => Text(text),
        IReadOnlyList<string> names => $"[{string.Join(", ", names.Select(Text))}]",
        _ => throw new ArgumentException($"expected a value of a setting but got {value.GetType().Name}", nameof(value)),
    };

    private static void Distill(StringBuilder yaml, DistillRecipe distill)
    {
        if (distill.Methods is [MethodRecipe only])
        {
            Line(yaml, 1, "method", only.Name);
            foreach ((string key, object value) in only.Settings.Values)
            {
                Line(yaml, 1, key, Value(value));
            }
        }
        else
        {
            Section(yaml, 1, "methods");
            foreach (MethodRecipe method in distill.Methods)
            {
                Line(yaml, 1, "- name", method.Name);
                foreach ((string key, object value) in method.Settings.Values)
                {
                    Line(yaml, 2, key, Value(value));
                }
            }
        }

        Line(yaml, 1, "labels", distill.Labels is { } labels ? Scheduled(labels) : "null");
        Line(yaml, 1, "ops", RecipeNames.Of(distill.Ops));
        Section(yaml, 1, "switch");
        Line(yaml, 2, "policy", RecipeNames.Of(distill.Switch.Policy));
        Line(yaml, 2, "period", Number(distill.Switch.Period));
        Line(yaml, 2, "duty", Scheduled(distill.Switch.Duty));
    }

    private static void Data(StringBuilder yaml, int depth, DataRecipe data)
    {
        Section(yaml, depth, "data");
        Line(yaml, depth + 1, "name", Text(data.Name));
        Line(yaml, depth + 1, "root", Text(data.Root));
        Line(yaml, depth + 1, "train", Number(data.Train));
        Line(yaml, depth + 1, "test", Number(data.Test));
        Line(yaml, depth + 1, "validation", Number(data.Validation));
        Line(yaml, depth + 1, "image-size", Number(data.ImageSize));
        Section(yaml, depth + 1, "augment");
        Line(yaml, depth + 2, "crop", Number(data.Augment.Crop));
        Line(yaml, depth + 2, "flip", Boolean(data.Augment.Flip));
        Line(yaml, depth + 2, "cutout", Number(data.Augment.Cutout));
    }

    private static void Teacher(StringBuilder yaml, int depth, TeacherRecipe teacher)
    {
        Line(yaml, depth, "model", Text(teacher.Model));
        Line(yaml, depth, "checkpoint", Text(teacher.Checkpoint));
        if (teacher.Data is not null)
        {
            Data(yaml, depth, teacher.Data);
        }

        Solver(yaml, depth, teacher.Solver);
    }

    private static void Teachers(StringBuilder yaml, IReadOnlyList<TeacherRecipe> teachers)
    {
        if (teachers.Count == 0)
        {
            return;
        }

        Section(yaml, 0, "teachers");
        foreach (TeacherRecipe teacher in teachers)
        {
            var item = new StringBuilder();
            Teacher(item, 1, teacher);
            // The first key stands behind the dash that begins an item.
            yaml.Append("- ").Append(item.ToString().AsSpan(2));
        }
    }

    // Left out where it is empty: recipes are compared as text, and those of earlier runs have no such section.
    private static void Trace(StringBuilder yaml, TraceRecipe trace)
    {
        if (trace.Epochs.Count == 0 && trace.Layers.Count == 0)
        {
            return;
        }

        Section(yaml, 0, "trace");
        Line(yaml, 1, "epochs", $"[{string.Join(", ", trace.Epochs)}]");
        Line(yaml, 1, "layers", Value(trace.Layers));
    }

    private static void Solver(StringBuilder yaml, int depth, SolverRecipe solver)
    {
        Section(yaml, depth, "solver");
        Line(yaml, depth + 1, "optimizer", RecipeNames.Of(solver.Optimizer));
        Line(yaml, depth + 1, "lr", Number(solver.LearningRate));
        Line(yaml, depth + 1, "momentum", Number(solver.Momentum));
        Line(yaml, depth + 1, "weight-decay", Number(solver.WeightDecay));
        Line(yaml, depth + 1, "nesterov", Boolean(solver.Nesterov));
        Line(yaml, depth + 1, "epochs", Number(solver.Epochs));
        Line(yaml, depth + 1, "batch-size", Number(solver.BatchSize));
        Section(yaml, depth + 1, "schedule");
        Line(yaml, depth + 2, "kind", RecipeNames.Of(solver.Schedule.Kind));
        Line(yaml, depth + 2, "milestones", $"[{string.Join(", ", solver.Schedule.Milestones)}]");
        Line(yaml, depth + 2, "gamma", Number(solver.Schedule.Gamma));
        Line(yaml, depth + 2, "warm-up", Number(solver.Schedule.WarmUp));
        Line(yaml, depth + 1, "clip-norm", Number(solver.ClipNorm));
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
