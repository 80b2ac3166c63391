using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using KdKernels.PtxVerify.Traffic;

namespace KdKernels.PtxVerify;

/// <summary>A verification for people and for scripts.</summary>
internal static class VerificationText
{
    /// <summary>One line of JSON.</summary>
    public static string ToJson(Verification result)
    {
        var kernels = new JsonObject();
        foreach (TrafficProof traffic in result.Traffic)
        {
            kernels.Add(traffic.Name, new JsonObject
            {
                ["shape"] = traffic.Shape,
                ["traffic"] = Math.Round(traffic.Ratio, 4),
                ["rereads"] = Math.Round((double)traffic.RereadBytes / traffic.LeastBytes, 4),
                ["sectors"] = Math.Round(traffic.SectorRatio, 4),
                ["bankConflicts"] = traffic.BankConflicts,
            });
        }

        var failures = new JsonArray([.. result.Failures.Select(failure => (JsonNode)failure)]);
        return new JsonObject
        {
            ["stems"] = result.Stems,
            ["files"] = result.Files,
            ["stale"] = result.StaleStems.Count + result.WrongFiles.Count,
            ["spills"] = result.StackAndSpillBytes,
            ["unreported"] = result.Unreported,
            ["cases"] = result.Proofs.Sum(proof => proof.Cases),
            ["laneInstructionsPerSecond"] = Math.Round(result.LaneInstructionsPerSecond),
            ["kernels"] = kernels,
            ["failures"] = failures,
        }.ToJsonString(new JsonSerializerOptions { WriteIndented = false });
    }

    /// <summary>A table with a line per kernel, and what is wrong.</summary>
    public static string ToTable(Verification result)
    {
        var text = new StringBuilder();
        text.Append($"{"kernel",-36} {"cases",6} {"shape",16} {"traffic",8} {"rereads",8} {"sectors",8}");
        text.AppendLine($" {"conflicts",9}");
        var traffic = result.Traffic.ToDictionary(t => t.Name, StringComparer.Ordinal);
        foreach (KernelProof proof in result.Proofs)
        {
            text.Append($"{proof.Name,-36} {proof.Cases,6}");
            if (traffic.TryGetValue(proof.Name, out TrafficProof? moved))
            {
                double rereads = (double)moved.RereadBytes / moved.LeastBytes;
                text.Append($" {moved.Shape,16} {moved.Ratio,8:F3} {rereads,8:F3} {moved.SectorRatio,8:F3}");
                text.Append($" {moved.BankConflicts,9}");
            }

            text.AppendLine(proof.Failures.Count == 0 ? "" : "  FAILED");
        }

        text.AppendLine();
        text.AppendLine(
            $"{result.Stems} ops, {result.Files} files, {result.StaleStems.Count + result.WrongFiles.Count} stale, "
            + $"{result.StackAndSpillBytes} bytes of stack and spills, {result.Unreported} without a report of ptxas");
        text.AppendLine(
            $"{result.Proofs.Sum(proof => proof.Cases)} cases, each on two grids; "
            + $"{result.LaneInstructionsPerSecond / 1e6:F0} million lane-instructions per second");
        foreach (string failure in result.Failures) text.AppendLine($"wrong: {failure}");
        return text.ToString();
    }
}
