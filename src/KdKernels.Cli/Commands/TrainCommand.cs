using System.CommandLine;
using System.CommandLine.Parsing;
using KdKernels.Cli.Output;
using KdKernels.Cli.Progress;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Commands;

/// <summary><c>kd train</c>: a recipe's whole experiment, its report, and the figures.</summary>
internal static class TrainCommand
{
    private const string Auto = "auto";
    private const string None = "none";

    public static Command Create(CliConsole console)
    {
        var recipe = new Option<string?>("--config", "-c")
        {
            Description = "A recipe: a YAML or JSON file, or a name from `kd list recipes`. "
                + $"Default: that of the method in -s method=NAME, else {RecipeReader.DefaultName}.",
            HelpName = "recipe",
        };
        var overrides = new Option<string[]>("--set", "-s")
        {
            Description = "Overrides one key of the recipe, such as -s student.solver.lr=0.1. May be repeated.",
            HelpName = "key=value",
            DefaultValueFactory = _ => [],
        };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "The run folder. Default: runs/<date>-<time>-<name>.",
            HelpName = "dir",
        };
        var resume = new Option<string>("--resume")
        {
            Description = "auto: go on with the latest unfinished run of this recipe, if there is one. "
                + "A run folder: go on with that one.",
            HelpName = "auto|dir|none",
            DefaultValueFactory = _ => None,
        };
        var seed = new Option<long?>("--seed") { Description = "The same as -s seed=N." };
        var device = new Option<string?>("--device") { Description = "The same as -s device=auto|cpu|cuda:N." };
        var quick = new Option<bool>("--quick")
        {
            Description = "One seed, few images, few epochs: shows that it works, not what it achieves.",
        };
        var plain = new Option<bool>("--plain") { Description = "Progress as plain lines, also on a terminal." };
        var json = new Option<bool>("--json")
        {
            Description = "The result as one JSON object, the last line of standard output.",
        };

        var command = new Command(
            "train",
            "Trains a teacher, a plain and a distilled student per seed, and compares them on held-out images.")
        {
            recipe, overrides, output, resume, seed, device, quick, plain, json,
        };
        command.Validators.Add(result =>
        {
            if (!IsFolder(result.GetValue(resume)))
                return;
            Option[] fixedByTheRun = [recipe, overrides, output, seed, device, quick];
            foreach (Option option in fixedByTheRun.Where(option => result.GetResult(option) is { Implicit: false }))
            {
                result.AddError(
                    $"--resume with a run folder keeps that run's recipe and folder: "
                    + $"{option.Name} cannot be given with it.");
            }
        });
        command.SetAction((parsed, cancellation) =>
        {
            List<string> settings = [.. parsed.GetValue(overrides)!];
            if (parsed.GetValue(seed) is { } seedValue)
                settings.Add($"seed={seedValue}");
            if (parsed.GetValue(device) is { } deviceValue)
                settings.Add($"device={deviceValue}");
            var request = new Request(
                parsed.GetValue(recipe) ?? RecipeReader.DefaultFor(settings),
                settings,
                parsed.GetValue(quick),
                parsed.GetValue(output),
                parsed.GetValue(resume)!);
            bool asJson = parsed.GetValue(json);
            TrainingDisplay display = TrainingDisplay.Choose(console, parsed.GetValue(plain) || asJson);
            return Task.FromResult(Run(console, request, display, asJson, cancellation));
        });
        return command;
    }

    private static int Run(
        CliConsole console, Request request, TrainingDisplay display, bool asJson, CancellationToken cancellation)
    {
        using var interruption = new Interruption(display.Say, cancellation);
        using RunFolder folder = Open(request);
        console.Error.WriteLine(
            folder.Resumed ? $"resuming {Shown(folder.FullPath)}" : $"run folder {Shown(folder.FullPath)}");
        ExperimentResult result;
        try
        {
            result = display.Show(observer => Experiment.Run(folder, observer, interruption.Token));
        }
        catch (Exception refused) when (
            !folder.Resumed && (refused is RecipeException or KdDataException or DeviceException))
        {
            // Nothing was trained, and the folder was new: it would only be in the way of the next attempt.
            Directory.Delete(folder.FullPath, recursive: true);
            throw;
        }
        catch (TrainingInterruptedException stopped)
        {
            if (stopped.CheckpointPath.Length > 0)
                console.Error.WriteLine($"kd: saved {Shown(stopped.CheckpointPath)}");
            console.Error.WriteLine(
                $"kd: go on with: {console.Command} train --resume {ShellWord(Shown(folder.FullPath))}");
            return ExitCode.Interrupted;
        }

        string report = HtmlReport.Write(folder.FullPath);
        console.Out.WriteLine(asJson ? ResultJson.Of(result, report) : ResultTable.Of(result, Shown(report)));
        return ExitCode.Done;
    }

    private static RunFolder Open(Request request)
    {
        if (IsFolder(request.Resume))
            return RunFolder.Resume(request.Resume);
        Recipe recipe = RecipeReader.Read(request.Recipe, request.Overrides, request.Quick);
        bool auto = string.Equals(request.Resume, Auto, StringComparison.Ordinal);
        return auto && Unfinished(recipe, request.Output) is { } path
            ? RunFolder.Resume(path)
            : RunFolder.Create(recipe, request.Output);
    }

    private static string? Unfinished(Recipe recipe, string? output)
    {
        if (output is null)
            return RunFolder.FindUnfinished(recipe);
        return File.Exists(Path.Combine(output, "recipe.yaml")) ? output : null;
    }

    private static bool IsFolder(string? resume)
        => resume is not null && !string.Equals(resume, Auto, StringComparison.Ordinal)
            && !string.Equals(resume, None, StringComparison.Ordinal);

    /// <summary>Relative where that is shorter: the user stands in this folder.</summary>
    private static string Shown(string path)
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.Length < path.Length ? relative : path;
    }

    private static string ShellWord(string text)
        => text.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+:@%".Contains(c, StringComparison.Ordinal))
            ? text
            : "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    private sealed record Request(
        string Recipe, IReadOnlyList<string> Overrides, bool Quick, string? Output, string Resume);
}
