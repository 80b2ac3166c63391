namespace KdKernels.Bench.Results;

/// <summary><c>./kd bench --table</c>: writes table.md and chart.svg beside the records that they are made
/// from.</summary>
internal static class ResultPages
{
    /// <summary>What was written, in a sentence.</summary>
    /// <exception cref="InvalidDataException">A record file is not as it should be.</exception>
    public static string Write(string folder)
    {
        IReadOnlyList<GpuRun> runs = RecordFile.ReadFolder(folder);
        string chart = Path.Combine(folder, "chart.svg");
        File.WriteAllText(Path.Combine(folder, "table.md"), ResultTable.Of(runs));
        string? drawn = runs.Select(ResultChart.Of).FirstOrDefault(svg => svg is not null);
        if (drawn is null) File.Delete(chart);
        else File.WriteAllText(chart, drawn);
        return runs.Count == 0
            ? $"{ResultTable.NoMeasurement}: {folder} has no record files"
            : $"{runs.Sum(run => run.Records.Count)} records of {runs.Count} runs in {folder}";
    }
}
