using System.Globalization;
using System.Text.Json;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Claims;

/// <summary>Runs claims; what an earlier process finished is not done again.</summary>
public static class ClaimRun
{
    // Where data lies and what computes is not part of what is claimed, and may change between sessions, as in a run.
    private static readonly string[] OfTheMachine = ["data.root", "device", "threads"];

    /// <summary>The settings of a claim: the claim's own number of seeds where none is asked for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one seed.</exception>
    public static ClaimSettings Settings(Claim claim, int? seeds = null, bool full = false, IReadOnlyList<string>? overrides = null)
    {
        ArgumentNullException.ThrowIfNull(claim);
        int repeats = seeds ?? claim.Seeds;
        ArgumentOutOfRangeException.ThrowIfLessThan(repeats, 1, nameof(seeds));
        return new ClaimSettings { Seeds = repeats, Full = full, Overrides = overrides ?? [] };
    }

    /// <summary>Runs a claim, or goes on with it.</summary>
    /// <param name="claim">What to run.</param>
    /// <param name="settings">How.</param>
    /// <param name="folder">New, empty, or of the same claim in the same settings.</param>
    /// <param name="observer">Told what happens.</param>
    /// <param name="budget">When to stop; null for no limit.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <returns>The result, which then also stands in the folder.</returns>
    /// <exception cref="ClaimStoppedException">Cancellation was asked for, or the budget is used up: there is no result, and
    /// the same call goes on.</exception>
    /// <exception cref="RunFolderException">The folder holds something else, or is in use.</exception>
    /// <exception cref="Distillation.Recipes.RecipeException">A recipe or an override is impossible.</exception>
    /// <exception cref="Distillation.Data.KdDataException">Data is missing or damaged, or a stored part is.</exception>
    /// <exception cref="DivergedException">A loss was NaN or infinite.</exception>
    public static ClaimResult Run(
        Claim claim,
        ClaimSettings settings,
        string folder,
        ITrainingObserver observer,
        ClaimBudget? budget = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(claim);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(observer);
        budget ??= new ClaimBudget();
        claim.Check(settings);
        using var held = ClaimFolder.Open(folder, Describe(claim, settings));
        if (held.ReadResult() is { } before)
        {
            observer.Message($"{claim.Name}: done before.");
            return before;
        }

        using CancellationTokenSource end = budget.ToCancellation();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(end.Token, cancellation);
        var context = new ClaimContext(held, settings, observer, budget, cancellation, either.Token);
        ClaimResult result = Result(claim, context, claim.Run(context));
        held.Write(result);
        return result;
    }

    /// <summary>Where a folder's result stands once the claim is whole.</summary>
    public static string ResultPath(string folder) => ClaimFolder.ResultOf(Path.GetFullPath(folder));

    private static ClaimResult Result(Claim claim, ClaimContext context, ClaimFindings findings) => new()
    {
        Name = claim.Name,
        Hypothesis = claim.Hypothesis,
        Paper = claim.Paper,
        Setting = new ClaimSetting(
            Kind(context.Settings),
            context.Full ? claim.Full : claim.Reduced,
            context.Seeds,
            Portable(context.Settings),
            findings.Parameters),
        Verdict = ClaimVerdicts.Of(findings.Statistics),
        Rule = ClaimVerdicts.Rule,
        Statistics = findings.Statistics,
        Notes = [.. findings.Notes, .. Caveats(context.Settings)],
        Details = findings.Details,
        Parts = context.Parts,
        Data = findings.Data,
        Library = ReportAssets.Version,
        Date = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        Seconds = context.Parts.Sum(part => part.Seconds),
    };

    private static IEnumerable<string> Caveats(ClaimSettings settings)
    {
        if (settings.Seeds == 1)
        {
            yield return "One seed: the intervals are over items only, not over training runs.";
        }

        if (Portable(settings).Length > 0)
        {
            yield return "Overrides changed the setting: its parameters say what was run.";
        }
    }

    private static string Describe(Claim claim, ClaimSettings settings) => JsonSerializer.Serialize(
        new FolderSetting(claim.Name, Kind(settings), settings.Seeds, Portable(settings), ReportAssets.Version),
        ClaimJson.Indented) + "\n";

    private static string Kind(ClaimSettings settings) => settings.Full ? "full" : "reduced";

    private static string[] Portable(ClaimSettings settings) =>
        [.. settings.Overrides.Where(entry => !OfTheMachine.Contains(entry.Split('=', 2)[0].Trim(), StringComparer.Ordinal))];

    private sealed record FolderSetting(
        string Claim, string Setting, int Seeds, IReadOnlyList<string> Overrides, string Library);
}
