using System.Text;

namespace KdKernels.Bench.Results;

/// <summary>Records as a Markdown table: a row per op, shape, dtype and mode, our kernel against each peer.</summary>
internal static class ResultTable
{
    public const string Ours = "kdkernels";
    public const string NoMeasurement = "no GPU measurement yet";

    private static readonly string[] Peers = ["eager", "torch.compile", "cuda-twin"];

    public static string Of(IReadOnlyList<GpuRun> runs)
    {
        var text = new StringBuilder();
        // A run from C# has no peers to compare with: its records are for reading, not for this table.
        foreach (GpuRun run in runs.Where(run => run.Records.Any(record => record.Provider == Ours))) Append(text, run);
        return text.Length == 0 ? NoMeasurement + "\n" : text.ToString();
    }

    private static void Append(StringBuilder text, GpuRun run)
    {
        var machine = run.Machine;
        text.Append($"### {machine.Gpu}, {machine.Utc[..10]}\n\n");
        text.Append(
            $"Driver {machine.Driver}, {Joined(machine.Versions)}, commit {machine.Build.GetValueOrDefault("commit", "unknown")}. ");
        if (machine.CopyGbPerS is { } copy) text.Append(
            $"Copy {copy:F0} GB/s, read {machine.ReadGbPerS:F0} GB/s in the same process. ");
        text.Append("Times are medians in microseconds; a factor says how many times longer the peer takes.\n\n");
        text.Append("| op | shape | dtype | mode | L2 | µs | % of copy | loss error | gradient error |");
        foreach (string peer in Peers) text.Append($" vs {peer} |");
        text.Append(" vs others |\n|---|---|---|---|---|---:|---:|---:|---:|");
        text.Append(string.Concat(Peers.Select(_ => "---:|"))).Append("---|\n");
        foreach (var ours in run.Records.Where(record => record.Provider == Ours))
        {
            text.Append(
                $"| {ours.Op} | {ours.ShapeText} | {ours.Dtype} | {ours.Mode} | {ours.Cache} | {ours.P50:G4} | ");
            text.Append($"{Cell(ours.PctCopy, "F1")} | {Cell(ours.RelErr, "G2")} | {Cell(ours.GradRelErr, "G2")} |");
            foreach (string peer in Peers) text.Append($" {Factor(run.Records, ours, peer)} |");
            text.Append($" {Others(run.Records, ours)} |\n");
        }
        text.Append('\n');
    }

    /// <summary>The fastest of a peer's forms: torch.compile has two.</summary>
    internal static GpuRecord? Peer(IReadOnlyList<GpuRecord> records, GpuRecord ours, string peer) =>
        records
            .Where(other => other.Provider.StartsWith(peer, StringComparison.Ordinal) && SameCase(other, ours))
            .MinBy(other => other.P50);

    private static bool SameCase(GpuRecord a, GpuRecord b) =>
        a.Op == b.Op && a.Shape.SequenceEqual(b.Shape) && a.Dtype == b.Dtype && a.Form == b.Form && a.Mode == b.Mode
        && a.Cache == b.Cache;

    private static string Factor(IReadOnlyList<GpuRecord> records, GpuRecord ours, string peer) =>
        Peer(records, ours, peer) is { } other ? $"{other.P50 / ours.P50:F2}×" : "-";

    /// <summary>Peers that only some ops have: cuBLAS, torch.func, Triton, Liger.</summary>
    private static string Others(IReadOnlyList<GpuRecord> records, GpuRecord ours)
    {
        string[] found =
        [
            .. records
                .Where(other => other.Provider != Ours && SameCase(other, ours)
                    && !Peers.Any(peer => other.Provider.StartsWith(peer, StringComparison.Ordinal)))
                .Select(other => $"{other.Provider} {other.P50 / ours.P50:F2}×"),
        ];
        return found.Length > 0 ? string.Join(", ", found) : "-";
    }

    // A missing value must not look like a small one.
    private static string Cell(double? value, string format) => value?.ToString(format) ?? "-";

    private static string Joined(IReadOnlyDictionary<string, string> versions) =>
        string.Join(
            ", ", versions.Where(entry => entry.Value != "absent").Select(entry => $"{entry.Key} {entry.Value}"));
}
