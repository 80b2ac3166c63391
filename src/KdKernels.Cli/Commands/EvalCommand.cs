using System.CommandLine;
using KdKernels.Cli.Output;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Commands;

/// <summary><c>kd eval</c>: measures a network's weights on the held-out images of a recipe.</summary>
internal static class EvalCommand
{
    private const string Teacher = "teacher";
    private const string Student = "student";

    public static Command Create(CliConsole console)
    {
        var checkpoint = new Option<string>("--checkpoint")
        {
            Description = "A checkpoint folder, or a .safetensors file.",
            HelpName = "dir|file",
            Required = true,
        };
        var recipe = new Option<string?>("--config", "-c")
        {
            Description = "The recipe that says which data and which networks. "
                + "Default: that of the run which the checkpoint is in.",
            HelpName = "recipe",
        };
        var run = new Option<string?>("--run")
        {
            Description = "Take the recipe of this run folder.",
            HelpName = "dir",
        };
        var overrides = new Option<string[]>("--set", "-s")
        {
            Description = "Overrides one key of the recipe, such as -s data.root=/data/cifar10. May be repeated.",
            HelpName = "key=value",
            DefaultValueFactory = _ => [],
        };
        var network = new Option<string?>("--network")
        {
            Description = "Whose model the weights are for, where the file does not say it itself.",
        };
        network.AcceptOnlyFromAmong(Teacher, Student);
        var json = new Option<bool>("--json") { Description = "The result as one JSON object on one line." };
        var command = new Command(
            "eval", "Measures a network on held-out images: accuracy with its interval, classes, confusions.")
        {
            checkpoint, recipe, run, overrides, network, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(recipe) is not null && result.GetValue(run) is not null)
                result.AddError("--config and --run exclude each other: both name a recipe.");
        });
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(checkpoint)!;
            string source = parsed.GetValue(recipe) ?? RecipeOf(parsed.GetValue(run), path);
            Recipe settings = RecipeReader.Read(source, parsed.GetValue(overrides));
            NetworkRole? role = parsed.GetValue(network) switch
            {
                Teacher => NetworkRole.Teacher,
                Student => NetworkRole.Plain,
                _ => null,
            };
            Report(
                console,
                path,
                CheckpointEvaluation.Run(settings, path, role, console.Error.WriteLine),
                parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    private static void Report(CliConsole console, string path, CheckpointEvaluation evaluation, bool asJson)
    {
        (string model, string data, double loss) = (evaluation.Model, evaluation.Data, evaluation.Metrics.Loss);
        if (evaluation is not { HeldOut: { } heldOut, Predictions: { } predictions })
        {
            console.Out.WriteLine(asJson
                ? JsonLine.Of(
                    EvalOutcome.Of(Path.GetFullPath(path), model, data, evaluation.Metrics), JsonLine.Types.EvalOutcome)
                : EvalText.Of(model, data, evaluation.Metrics));
            return;
        }

        ClassificationResult result = ClassificationResult.Of(heldOut.ClassNames, heldOut.Labels, [.. predictions]);
        console.Out.WriteLine(asJson
            ? JsonLine.Of(EvalOutcome.Of(Path.GetFullPath(path), model, data, loss, result), JsonLine.Types.EvalOutcome)
            : EvalText.Of(model, data, loss, result));
    }

    /// <summary>The recipe of a named run, or of the one that the checkpoint lies in.</summary>
    private static string RecipeOf(string? run, string checkpoint)
    {
        const string name = "recipe.yaml";
        if (!File.Exists(checkpoint) && !Directory.Exists(checkpoint))
            throw new RecipeException(checkpoint, 0, "", "expected a checkpoint folder or a .safetensors file but there is nothing");
        if (run is not null)
            return Path.Combine(run, name);
        for (string? folder = Path.GetFullPath(checkpoint); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            string candidate = Path.Combine(folder, name);
            if (File.Exists(candidate))
                return candidate;
        }

        throw new RecipeException(checkpoint, 0, "", "expected it to lie in a run folder, or a recipe with -c");
    }
}
