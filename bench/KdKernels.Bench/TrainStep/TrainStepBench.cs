using System.Diagnostics;
using KdKernels.Bench.Harness;
using static TorchSharp.torch;

namespace KdKernels.Bench.TrainStep;

/// <summary>
/// A training step against the same step in Python's torch, in alternating rounds of two processes. By the clock, and by processor time
/// over all threads, which says more on a machine that others use as well.
/// </summary>
internal static class TrainStepBench
{
    private const int StepsToCompare = 5;
    private const double LossTolerance = 1e-3;

    /// <summary>The ratio is (Python's time) / (ours): the median over the rounds.</summary>
    public static IEnumerable<BenchRecord> Run(BenchOptions options)
    {
        set_num_threads(options.Threads);
        using var step = new ConvNetStep();
        using PythonPeer python = PythonPeer.Start("train_step.py", options.Threads);
        RequireSameLoss(step.Run(StepsToCompare), python.Ask($"loss {StepsToCompare}")[0]);

        int steps = Math.Max(3, (int)(10 * options.Slice.TotalMicroseconds / Time(step, 1)[0]));
        var ours = new double[options.Rounds][];
        var theirs = new double[options.Rounds][];
        for (int round = 0; round < options.Rounds; round++)
        {
            if (round % 2 == 0) ours[round] = Time(step, steps);
            theirs[round] = python.Ask($"time {steps}");
            if (round % 2 != 0) ours[round] = Time(step, steps);
        }
        return [Record("clock", 0), Record("processor-time", 1)];

        BenchRecord Record(string mode, int column) => new(
            Op: "train-step", Shape: "[64,3,32,32]", Dtype: "float32", Mode: mode,
            Ratio: Median(ours.Zip(theirs, (a, b) => b[column] / a[column])), RatioPlain: double.NaN,
            ShareOfBandwidth: double.NaN, MedianUs: Median(ours.Select(times => times[column])));
    }

    /// <summary>Microseconds of one step: by the clock, and of processor time.</summary>
    private static double[] Time(ConvNetStep step, int steps)
    {
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        step.Run(steps);
        double clock = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        return [clock / steps, (Environment.CpuUsage.TotalTime - processor).TotalMicroseconds / steps];
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    // Two networks that learn differently are not worth timing against each other.
    private static void RequireSameLoss(double ours, double theirs)
    {
        if (!(Math.Abs(ours - theirs) <= LossTolerance * Math.Abs(theirs)))
            throw new InvalidOperationException($"after {StepsToCompare} steps the loss is {ours} here but {theirs} in Python.");
    }
}
