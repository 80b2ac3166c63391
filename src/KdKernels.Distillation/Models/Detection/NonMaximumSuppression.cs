namespace KdKernels.Distillation.Models.Detection;

/// <summary>Keeps the best of boxes that mean the same object.</summary>
public static class NonMaximumSuppression
{
    /// <summary>
    /// Greedy and per class: by falling score, a box is kept unless one of its class that was kept before overlaps it
    /// by more than <paramref name="maxIou"/>.
    /// </summary>
    /// <param name="candidates">In any order; of equal scores the earlier goes first.</param>
    /// <param name="maxIou">In [0, 1].</param>
    /// <returns>Those kept, by falling score.</returns>
    public static IReadOnlyList<DetectedObject> Apply(IEnumerable<DetectedObject> candidates, double maxIou)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        List<DetectedObject> kept = [];
        // OrderByDescending is stable, which makes ties a matter of the input alone.
        foreach (DetectedObject candidate in candidates.OrderByDescending(candidate => candidate.Score))
        {
            if (!kept.Exists(
                other => other.ClassId == candidate.ClassId && other.Box.IouWith(candidate.Box) > maxIou))
            {
                kept.Add(candidate);
            }
        }

        return kept;
    }
}
