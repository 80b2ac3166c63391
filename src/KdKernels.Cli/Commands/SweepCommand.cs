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
        Option<string[]> methods = WordsOption.Create("--methods", "m1,m2", "With -c the methods of the sweep to keep, else methods by name.");
        Option<string[]> recipes = WordsOption.Create("--recipes", "r1,r2", "With -c the entries of the sweep to keep, else recipes by name.");
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
        var jobs = new Option<int>("--jobs", "-j")
        {
            Description = "Entries that run at the same time, each in a process of its own with its share of the threads.",
            DefaultValueFactory = _ => 1,
        };
        var only = new Option<string?>("--only-entry") { Hidden = true };
        var command = new Command(
            "sweep", "Trains the same students with several methods, and compares each with the plain ones. Resumable.")
        {
            config, methods, recipes, overrides, seeds, output, quick, json, jobs, only,
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
            string? entry = parsed.GetValue(only);
            if (entry is not null)
                return Task.FromResult(RunEntry(console, sweep, parsed.GetValue(output)!, entry, cancellation));
            var request = new Request(sweep, parsed.GetValue(output), parsed.GetValue(json), parsed.GetValue(jobs),
                Words(parsed.GetValue(config), chosen, from, settings, filter.Quick));
            return Task.FromResult(Run(console, request, cancellation));
        });
        return command;
    }

    private static int Run(CliConsole console, Request request, CancellationToken cancellation)
    {
        SweepRun.Check(request.Sweep);
        var folder = SweepFolder.Open(request.Sweep, request.Output);
        PlainDisplay display = Display(console);
        using var interruption = new Interruption(display.Say, cancellation);
        console.Error.WriteLine($"{(folder.Resumed ? "resuming" : "sweep folder")} {folder.FullPath}");
        SweepResult result;
        try
        {
            if (request.Jobs > 1)
                SweepJobs.Run(request.Sweep, folder.FullPath, request.Words, request.Jobs, display.Say, interruption.Token);
            result = SweepRun.Run(folder, request.Sweep, display, interruption.Token);
        }
        catch (TrainingInterruptedException)
        {
            console.Error.WriteLine($"kd: go on with the same command and -o {folder.FullPath}");
            return ExitCode.Interrupted;
        }

        console.Out.WriteLine(
            request.AsJson ? JsonLine.Of(result, JsonLine.Types.SweepResult) : SweepText.Of(result, folder.ReportPath));
        return ExitCode.Done;
    }

    private static int RunEntry(
        CliConsole console, Sweep sweep, string output, string name, CancellationToken cancellation)
    {
        PlainDisplay display = Display(console);
        using var interruption = new Interruption(display.Say, cancellation);
        try
        {
            SweepRun.RunEntry(
                SweepFolder.Open(sweep, output),
                sweep.Entries.Single(entry => string.Equals(entry.Name, name, StringComparison.Ordinal)),
                display,
                interruption.Token);
            return ExitCode.Done;
        }
        catch (TrainingInterruptedException)
        {
            return ExitCode.Interrupted;
        }
    }

    private static PlainDisplay Display(CliConsole console)
        => new(console.Error, TimeSpan.FromSeconds(30), TimeProvider.System);

    /// <summary>The command again, without what is the parent's: folder, jobs and output.</summary>
    private static List<string> Words(
        string? config, string[] methods, string[] recipes, string[] settings, bool quick)
    {
        List<string> words = ["sweep"];
        if (config is not null)
            words.AddRange(["-c", config]);
        if (methods.Length > 0)
            words.AddRange(["--methods", string.Join(',', methods)]);
        if (recipes.Length > 0)
            words.AddRange(["--recipes", string.Join(',', recipes)]);
        foreach (string setting in settings)
            words.AddRange(["-s", setting]);
        if (quick)
            words.Add("--quick");
        return words;
    }

    private sealed record Request(Sweep Sweep, string? Output, bool AsJson, int Jobs, IReadOnlyList<string> Words);
}
