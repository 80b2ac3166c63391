using System.Text.Json;

namespace KdKernels.Bench.Results;

/// <summary>Reads what a run on a GPU machine wrote: a line about the machine, then records.</summary>
internal static class RecordFile
{
    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>All runs of a folder, the newest first.</summary>
    /// <exception cref="InvalidDataException">A file is not as it should be; says which and why.</exception>
    public static IReadOnlyList<GpuRun> ReadFolder(string folder) =>
        [
            .. Directory.EnumerateFiles(folder, "*.jsonl")
                .Select(path => Read(Path.GetFileName(path), File.ReadLines(path)))
                .OrderByDescending(run => run.Machine.Utc, StringComparer.Ordinal),
        ];

    /// <exception cref="InvalidDataException">No machine, a dry run, or a record of another machine.</exception>
    public static GpuRun Read(string name, IEnumerable<string> lines)
    {
        GpuMachine? machine = null;
        var records = new List<GpuRecord>();
        foreach (string line in lines.Where(line => line.Length > 0))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement root = document.RootElement;
            if (root.TryGetProperty("machine", out JsonElement facts)) machine = facts.Deserialize<GpuMachine>(Json);
            else if (root.TryGetProperty("p50_us", out _)) records.Add(root.Deserialize<GpuRecord>(Json)!);
        }

        if (machine is null) throw new InvalidDataException($"{name}: expected a line about the machine but got none");
        if (machine.Gpu == "none")
            throw new InvalidDataException($"{name}: expected measurements of a GPU but got a dry run on CPU tensors");
        if (records.Find(record => record.Fingerprint != machine.Id) is { } stranger)
            throw new InvalidDataException(
                $"{name}: expected records of {machine.Id} but got one of {stranger.Fingerprint}");
        return new GpuRun(machine, records);
    }
}
