using static TorchSharp.torch;

namespace KdKernels.Bench.Harness;

/// <summary>Measures cases: forward, and forward with backward, the fused op and its composed forms in turn.</summary>
internal static class CaseBench
{
    /// <param name="ops">The cases of each op; its tensors live until the next op's turn.</param>
    /// <param name="options">How long.</param>
    /// <param name="quick">Only the cases of the quick table.</param>
    public static IEnumerable<BenchRecord> Run(
        IEnumerable<Func<IEnumerable<BenchCase>>> ops, BenchOptions options, bool quick = false)
    {
        set_num_threads(options.Threads);
        Core.KdCpu.Threads = options.Threads;
        using var bandwidth = new ReadBandwidth(options.Threads);
        foreach (var cases in ops)
        {
            using var scope = NewDisposeScope();
            foreach (var benchCase in cases())
            {
                if (quick && !benchCase.IsQuick) continue;
                benchCase.RequireSameValue();
                yield return Measure(benchCase, "forward", BenchCase.Forward, benchCase.ForwardBytes, bandwidth, options);
                if (benchCase.Leaves.Length > 0)
                    yield return Measure(benchCase, "forward+backward", benchCase.ForwardBackward, benchCase.TotalBytes, bandwidth, options);
            }
        }
    }

    private static BenchRecord Measure(
        BenchCase benchCase, string mode, Func<Func<Tensor>, Action> call, long bytes, ReadBandwidth bandwidth, BenchOptions options)
    {
        var forms = benchCase.Composed.Concat(benchCase.Beside).Select(form => new Contender(form.Name, call(form.Run)));
        var timer = AlternatingTimer.Measure(
            [new("fused", call(benchCase.Fused)), .. forms, new("read", bandwidth.Pass)], options.Rounds, options.Slice, options.Budget);
        double microseconds = timer.Median("fused");
        double roof = ReadBandwidth.BytesPerPass / timer.Median("read");
        bool backward = mode != "forward";
        return new BenchRecord(
            Op: benchCase.Op,
            Shape: benchCase.Shape,
            Dtype: benchCase.Dtype,
            Mode: mode,
            Ratio: benchCase.Composed.Min(form => timer.Ratio(form.Name)),
            RatioPlain: timer.Ratio(benchCase.Composed[0].Name),
            ShareOfBandwidth: bytes / microseconds / roof,
            MedianUs: microseconds)
        {
            Target = backward ? benchCase.Target : null,
            ShareTarget = backward ? null : benchCase.ShareTarget,
            Fastest = benchCase.Composed.MinBy(form => timer.Ratio(form.Name))!.Name,
            Bytes = bytes,
            GigabytesPerSecond = bytes / microseconds / 1e3,
            Beside = benchCase.Beside.Length == 0 ? null : benchCase.Beside.ToDictionary(
                form => form.Name, form => timer.Ratio(form.Name), StringComparer.Ordinal),
        };
    }
}
