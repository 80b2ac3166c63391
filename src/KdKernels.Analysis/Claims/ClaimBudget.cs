namespace KdKernels.Analysis.Claims;

/// <summary>The minutes that a command may take, from its construction on. Claims look at it between their parts, and a
/// training saves and stops when it is used up.</summary>
public sealed class ClaimBudget
{
    private readonly long started;

    /// <param name="minutes">Positive, or infinite for no limit.</param>
    /// <param name="time">Null for the system's.</param>
    public ClaimBudget(double minutes = double.PositiveInfinity, TimeProvider? time = null)
    {
        if (!(minutes > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(minutes), minutes, "expected a positive number of minutes");
        }

        Minutes = minutes;
        Time = time ?? TimeProvider.System;
        started = Time.GetTimestamp();
    }

    public double Minutes { get; }

    public bool IsUsedUp => Time.GetElapsedTime(started).TotalMinutes >= Minutes;

    internal TimeProvider Time { get; }

    /// <summary>Cancelled when the budget is used up.</summary>
    internal CancellationTokenSource ToCancellation()
    {
        var source = new CancellationTokenSource();
        // A timer takes no more than some weeks, which no claim is given.
        double left = Minutes - Time.GetElapsedTime(started).TotalMinutes;
        if (left < TimeSpan.FromDays(30).TotalMinutes)
        {
            source.CancelAfter(TimeSpan.FromMinutes(Math.Max(0, left)));
        }

        return source;
    }
}
