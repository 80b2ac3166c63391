using KdKernels.Distillation.Sweeps;

namespace KdKernels.Analysis.Claims.Published;

/// <summary>Claims that one arm of one entry does better than another arm, or than the plain student.</summary>
internal static class SingleGain
{
    public static IReadOnlyList<SweepEntry> Entries(ClaimSettings settings, string entry, params string[] arms) =>
        SweepEntries.Read(settings, [entry], arms);

    /// <param name="context">Of the claim.</param>
    /// <param name="entry">What to train.</param>
    /// <param name="statistics">Of the trained entry; the number is the key of the bootstrap.</param>
    /// <param name="notes">For the reader.</param>
    public static ClaimFindings Run(
        ClaimContext context,
        SweepEntry entry,
        Func<TrainedEntry, long, IReadOnlyList<ClaimStatistic>> statistics,
        params string[] notes)
    {
        TrainedEntry trained = context.Train(entry);
        return new ClaimFindings
        {
            Statistics = statistics(trained, entry.Recipe.Seed),
            Parameters = SweepEntries.Parameters(entry, trained),
            Data = SweepEntries.Data(trained),
            Details = [SweepEntries.Accuracies(trained)],
            Notes = notes,
        };
    }
}
