using System.Diagnostics;

namespace KdKernels.Bench.Harness;

/// <summary>One way of computing something, under the name that reports call it by.</summary>
internal sealed record Contender(string Name, Action Run);

/// <summary>
/// Times contenders in turn, A B C A B C ..., in one process. Neighbours and clock changes then hit all of them alike, so
/// that ratios within a round hold on a machine where absolute times drift.
/// </summary>
internal sealed class AlternatingTimer
{
    private readonly Contender[] _contenders;
    private readonly double[][] _microseconds;

    private AlternatingTimer(Contender[] contenders, double[][] microseconds)
    {
        _contenders = contenders;
        _microseconds = microseconds;
    }

    /// <param name="contenders">What to time; the first one is what the others are compared with.</param>
    /// <param name="rounds">Rounds counted, after one that is not.</param>
    /// <param name="slice">Time spent on one contender in one round; a single call is made if that takes longer.</param>
    /// <param name="budget">If all rounds would take longer, there are fewer, but three; null sets no limit.</param>
    public static AlternatingTimer Measure(
        IReadOnlyList<Contender> contenders, int rounds, TimeSpan slice, TimeSpan? budget = null)
    {
        long start = Stopwatch.GetTimestamp();
        var calls = contenders.Select(contender => CallsPerSlice(contender, slice)).ToArray();
        // What the single calls took is what a round of the slow contenders takes; the fast ones fill their slices.
        var round0 = Stopwatch.GetElapsedTime(start) / 2 + slice * contenders.Count;
        if (budget is { } limit) rounds = Math.Min(rounds, Math.Max(3, (int)(limit / round0)));
        var microseconds = contenders.Select(_ => new double[rounds]).ToArray();
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < contenders.Count; i++)
            {
                // Every second round runs backwards, so that no contender always follows the same neighbour.
                int index = round % 2 == 0 ? i : contenders.Count - 1 - i;
                microseconds[index][round] = Time(contenders[index], calls[index]);
            }
        }
        return new AlternatingTimer([.. contenders], microseconds);
    }

    /// <summary>Median microseconds per call.</summary>
    public double Median(string contender) => MedianOf(_microseconds[IndexOf(contender)]);

    /// <summary>Median over the rounds of (time of <paramref name="other"/>) / (time of the first contender).</summary>
    public double Ratio(string other)
    {
        double[] first = _microseconds[0], second = _microseconds[IndexOf(other)];
        return MedianOf([.. first.Select((time, round) => second[round] / time)]);
    }

    private int IndexOf(string name) => Array.FindIndex(_contenders, contender => contender.Name == name);

    private static int CallsPerSlice(Contender contender, TimeSpan slice)
    {
        contender.Run();
        double single = Time(contender, 1);
        return Math.Max(1, (int)(slice.TotalMicroseconds / Math.Max(single, 0.1)));
    }

    private static double Time(Contender contender, int calls)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++) contender.Run();
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / calls;
    }

    private static double MedianOf(double[] values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
