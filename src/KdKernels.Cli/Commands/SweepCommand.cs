using System.CommandLine;
using KdKernels.Cli.Output;
using KdKernels.Cli.Progress;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Sweeps;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Commands;

/// <summary><c>kd sweep</c>: methods times recipes times seeds, each against the plain student.</summary>
internal static class SweepCommand
{
    public static Command Create(CliConsole console)
    {
        var config = new Option<string?>("--config", "-c")
        {
            Description = "A sweep: a YAML file, or a name from `kd list sweeps`.",
            HelpName = "sweep",
        };
        Option<string[]> methods = Names("--methods", "m1,m2", "With -c the methods of the sweep to keep, else methods by name.");
        Option<string[]> recipes = Names("--recipes", "r1,r2", "With -c the entries of the sweep to keep, else recipes by name.");
        var overrides = new Option<string[]>("--set", "-s")
        {
            Description = "Overrides one key of every recipe, such as -s student.solver.epochs=5. May be repeated.",
            HelpName = "key=value",
            DefaultValueFactory = _ => [],
        };
        var seeds = new Option<int?>("--seeds") { Description = "The same as -s seeds=N." };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "The sweep's folder. Default: sweeps/<date>-<time>-<name>. A folder of the same sweep goes on.",
            HelpName = "dir",
        };
        var quick = new Option<bool>("--quick") { Description = "One seed, few items, few epochs: shows that it works." };
        var json = new Option<bool>("--json") { Description = "The result as one JSON object, the last line of standard output." };
        var command = new Command(
            "sweep", "Trains the same students with several methods, and compares each with the plain ones. Resumable.")
        {
            config, methods, recipes, overrides, seeds, output, quick, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(config) is null && result.GetValue(methods) is not { Length: > 0 })
                result.AddError("Name a sweep with -c, or methods with --methods.");
        });
        command.SetAction((parsed, cancellation) =>
        {
            string[] settings = parsed.GetValue(seeds) is { } count
                ? [.. parsed.GetValue(overrides)!, $"seeds={count}"]
                : parsed.GetValue(overrides)!;
            var filter = new SweepFilter { Overrides = settings, Quick = parsed.GetValue(quick) };
            string[] chosen = parsed.GetValue(methods)!;
            string[] from = parsed.GetValue(recipes)!;
            Sweep sweep = parsed.GetValue(config) is { } path
                ? SweepReader.Read(path, filter with { Methods = chosen, Entries = from })
                : SweepReader.Of(chosen, from.Length == 0 ? [RecipeReader.DefaultName] : from, filter);
            return Task.FromResult(
                Run(console, sweep, parsed.GetValue(output), parsed.GetValue(json), cancellation));
        });
        return command;
    }

    private static int Run(
        CliConsole console, Sweep sweep, string? output, bool asJson, CancellationToken cancellation)
    {
        var folder = SweepFolder.Open(sweep, output);
        var display = new PlainDisplay(console.Error, TimeSpan.FromSeconds(30), TimeProvider.System);
        using var interruption = new Interruption(display.Say, cancellation);
        console.Error.WriteLine($"{(folder.Resumed ? "resuming" : "sweep folder")} {folder.FullPath}");
        SweepResult result;
        try
        {
            result = SweepRun.Run(folder, sweep, display, interruption.Token);
        }
        catch (Exception refused) when (
            !folder.Resumed && refused is RecipeException or Distillation.Data.KdDataException or DeviceException)
        {
            // Nothing was trained: a new folder would only be in the way of the next attempt.
            Directory.Delete(folder.FullPath, recursive: true);
            throw;
        }
        catch (TrainingInterruptedException)
        {
            console.Error.WriteLine($"kd: go on with the same command and -o {folder.FullPath}");
            return ExitCode.Interrupted;
        }

        console.Out.WriteLine(asJson ? JsonLine.Of(result, JsonLine.Types.SweepResult) : SweepText.Of(result, folder.ReportPath));
        return ExitCode.Done;
    }

    private static Option<string[]> Names(string name, string help, string description) => new(name)
    {
        Description = description,
        HelpName = help,
        DefaultValueFactory = _ => [],
        CustomParser = result => [.. result.Tokens.SelectMany(
            token => token.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
    };
}
