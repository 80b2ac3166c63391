using System.Collections.Concurrent;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace KdKernels.Bench.Harness;

/// <summary>Least traffic, traffic per second and its share of the read bandwidth, beside BenchmarkDotNet's own columns.</summary>
internal sealed class TrafficConfig : ManualConfig
{
    public TrafficConfig()
    {
        AddColumn(new TrafficColumn("MB", "Least traffic of forward and backward", (bytes, _) => $"{bytes / 1e6:F1}"));
        AddColumn(new TrafficColumn("GB/s", "Least traffic per second", (bytes, ns) => $"{bytes / ns:F2}"));
        AddColumn(new TrafficColumn("Share", "Of the bandwidth of reading two arrays, measured now", (bytes, ns) =>
            $"{bytes / ns / TrafficColumn.Roof.Value:P0}"));
    }
}

/// <summary>A column made from the bytes of a case and its mean time. The benchmarks run in this process, so it knows them.</summary>
internal sealed class TrafficColumn(string name, string legend, Func<double, double, string> text) : IColumn
{
    /// <summary>By benchmark class and shape, as the set-ups found them.</summary>
    public static ConcurrentDictionary<(Type, string), long> Bytes { get; } = new();

    /// <summary>Bytes per nanosecond.</summary>
    public static Lazy<double> Roof { get; } = new(() =>
    {
        using var bandwidth = new ReadBandwidth(Core.KdCpu.Threads);
        var timer = AlternatingTimer.Measure([new("read", bandwidth.Pass)], rounds: 7, TimeSpan.FromMilliseconds(20));
        return ReadBandwidth.BytesPerPass / timer.Median("read") / 1e3;
    });

    public string Id => $"{nameof(TrafficColumn)}.{name}";

    public string ColumnName => name;

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => legend;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        string shape = benchmarkCase.Parameters[nameof(OpBenchmarks.Shape)] as string ?? "";
        return summary[benchmarkCase]?.ResultStatistics is { } time
            && Bytes.TryGetValue((benchmarkCase.Descriptor.Type, shape), out long bytes)
            ? text(bytes, time.Mean)
            : "-";
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public bool IsAvailable(Summary summary) => true;
}
