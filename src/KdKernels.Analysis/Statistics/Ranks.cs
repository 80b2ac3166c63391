namespace KdKernels.Analysis.Statistics;

internal static class Ranks
{
    /// <summary>Twice the rank of each number, from 2 on; equal numbers share the mean of theirs. Doubled they are whole, so
    /// that sums of them compare exactly.</summary>
    public static int[] Doubled(IReadOnlyList<double> values) =>
    [
        .. values.Select(value =>
            2 * values.Count(other => other < value) + values.Count(other => other == value) + 1),
    ];
}
