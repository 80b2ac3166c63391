using System.CommandLine;
using System.Globalization;
using KdKernels.Analysis.Claims;
using KdKernels.Cli.Output;
using KdKernels.Cli.Progress;
using KdKernels.Distillation.Reporting;

namespace KdKernels.Cli.Commands;

/// <summary><c>kd claims</c>: published claims as experiments that anyone can run again.</summary>
internal static class ClaimsCommand
{
    private const string All = "all";

    public static Command Create(CliConsole console) => new(
        "claims", "Published claims about distillation as experiments: what was claimed, and whether it holds here.")
    {
        List(console),
        RunOf(console),
    };

    private static Command List(CliConsole console)
    {
        var json = new Option<bool>("--json") { Description = "One JSON array on one line." };
        var command = new Command("list", "Lists the claims: hypothesis, paper, data, minutes on two CPU cores.") { json };
        command.SetAction(parsed =>
        {
            ListedClaim[] claims = [.. ClaimCatalog.All.Select(ListedClaim.Of)];
            console.Out.Write(parsed.GetValue(json)
                ? JsonLine.Of(claims, JsonLine.Types.ListedClaimArray) + "\n"
                : string.Join('\n', claims.Select(claim => claim.ToText())));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command RunOf(CliConsole console)
    {
        var names = new Argument<string[]>("names")
        {
            Description = $"Claims from `kd claims list`, or {All}.",
            Arity = ArgumentArity.OneOrMore,
        };
        var seeds = new Option<int?>("--seeds") { Description = "Paired repeats. Default: the claim's own number." };
        var budget = new Option<double?>("--budget")
        {
            Description = "Minutes after which the command saves and stops, to be gone on with later.",
            HelpName = "minutes",
        };
        var full = new Option<bool>("--full") { Description = "The paper's setting: hours to days." };
        var overrides = new Option<string[]>("--set", "-s")
        {
            Description = "Overrides one key of every recipe of the claim, such as -s data.root=DIR. May be repeated.",
            HelpName = "key=value",
            DefaultValueFactory = _ => [],
        };
        var output = new Option<string?>("--output", "-o")
        {
            Description = "The claim's folder; of several claims the folder of their folders. Default: claims/<date>-<time>. "
                + "The same command with the same folder goes on.",
            HelpName = "dir",
        };
        var json = new Option<bool>("--json") { Description = "Each claim's result as one JSON object on one line." };
        var command = new Command("run", "Runs claims, and says of each whether it holds here. Resumable.")
        {
            names, seeds, budget, full, overrides, output, json,
        };
        command.Validators.Add(result =>
        {
            string[] asked = result.GetValue(names) ?? [];
            foreach (string name in asked.Where(name => name != All && ClaimCatalog.Find(name) is null))
                result.AddError(Unknown(name));
            if (asked.Distinct(StringComparer.Ordinal).Count() < asked.Length || (asked.Contains(All) && asked.Length > 1))
                result.AddError($"Name each claim once, or {All} alone.");
            if (result.GetValue(seeds) is < 1 and { } few)
                result.AddError($"Expected --seeds of at least 1 but got {few}.");
            if (result.GetValue(budget) is { } minutes && !(minutes > 0))
                result.AddError($"Expected --budget of more than 0 minutes but got {minutes}.");
        });
        command.SetAction((parsed, cancellation) =>
        {
            string[] asked = parsed.GetValue(names)!;
            Claim[] claims = asked is [All]
                ? [.. ClaimCatalog.All]
                : [.. asked.Select(name => ClaimCatalog.Find(name)!)];
            string folder = parsed.GetValue(output) ?? Path.Combine(
                "claims", TimeProvider.System.GetLocalNow().ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
            (Claim, ClaimSettings, string)[] work =
            [
                .. claims.Select(claim => (
                    claim,
                    ClaimRun.Settings(claim, parsed.GetValue(seeds), parsed.GetValue(full), parsed.GetValue(overrides)!),
                    Path.GetFullPath(asked is [not All] ? folder : Path.Combine(folder, claim.Name)))),
            ];
            return Task.FromResult(Run(
                console, work, Path.GetFullPath(folder), parsed.GetValue(budget), parsed.GetValue(json), cancellation));
        });
        return command;
    }

    private static int Run(
        CliConsole console,
        (Claim Claim, ClaimSettings Settings, string Folder)[] work,
        string folder,
        double? minutes,
        bool asJson,
        CancellationToken cancellation)
    {
        // What is missing for the last one is said before the first one has taken its time.
        foreach ((Claim claim, ClaimSettings settings, _) in work)
            claim.Check(settings);
        var display = new PlainDisplay(console.Error, TimeSpan.FromSeconds(30), TimeProvider.System);
        using var interruption = new Interruption(display.Say, cancellation);
        var budget = new ClaimBudget(minutes ?? double.PositiveInfinity);
        foreach ((Claim claim, ClaimSettings settings, string own) in work)
        {
            double estimate = settings.Full ? claim.FullMinutes : claim.Minutes;
            display.Say($"{claim.Name}: about {Figures.Duration(60 * estimate)} on two CPU cores; folder {own}");
            try
            {
                ClaimResult result = ClaimRun.Run(claim, settings, own, display, budget, interruption.Token);
                console.Out.WriteLine(
                    asJson ? result.ToJson() : ClaimText.Of(result, ClaimRun.ResultPath(own)));
            }
            catch (ClaimStoppedException stopped)
            {
                console.Error.WriteLine($"kd: {claim.Name}: {stopped.Message}; there is no result yet");
                console.Error.WriteLine($"kd: go on with the same command and -o {folder}");
                return ExitCode.Interrupted;
            }
        }

        return ExitCode.Done;
    }

    private static string Unknown(string name)
    {
        string[] near = [.. ClaimCatalog.Nearest(name)];
        return near.Length > 0
            ? $"Expected a claim's name but got '{name}'; did you mean {string.Join(" or ", near)}?"
            : $"Expected one of {string.Join(", ", ClaimCatalog.Names)} but got '{name}'.";
    }
}
