namespace KdKernels.Analysis.Points;

/// <summary>How far a measurement is.</summary>
/// <param name="Done">Parts finished, those of earlier sessions too.</param>
/// <param name="Of">Parts in all.</param>
/// <param name="Part">The one that was finished last: network, layer, epoch.</param>
/// <param name="Remaining">Estimate, from the parts of this session.</param>
public sealed record PointsProgress(int Done, int Of, string Part, TimeSpan Remaining);
