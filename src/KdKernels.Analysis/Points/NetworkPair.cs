using KdKernels.Distillation.Training;

namespace KdKernels.Analysis.Points;

/// <summary>A distilled network and the plain one that began with the same weights.</summary>
/// <param name="Repeat">One-based.</param>
/// <param name="Distilled">Of the one run.</param>
/// <param name="Plain">Of the same or of another run.</param>
internal sealed record NetworkPair(int Repeat, TrainedNetwork Distilled, TrainedNetwork Plain)
{
    /// <summary>The pairs of two runs.</summary>
    /// <param name="distilled">With the distilled networks.</param>
    /// <param name="plain">With the plain ones.</param>
    /// <param name="stage">Of the distilled ones.</param>
    /// <exception cref="AnalysisException">The runs do not fit each other, or have no such networks.</exception>
    public static IReadOnlyList<NetworkPair> Of(TrainedRun distilled, TrainedRun plain, StudentStage stage)
    {
        Dictionary<int, TrainedNetwork> taught = Networks(
            distilled, stage == StudentStage.First ? NetworkRole.FirstStage : NetworkRole.Distilled);
        Dictionary<int, TrainedNetwork> own = Networks(plain, NetworkRole.Plain);
        int[] both = [.. taught.Keys.Intersect(own.Keys).Order()];
        if (both.Length == 0)
        {
            throw new AnalysisException(
                $"expected {(stage == StudentStage.First ? "first stages of " : "")}distilled students in {distilled.FullPath} "
                + $"and plain students in {plain.FullPath} "
                + $"but found {taught.Count} and {own.Count}");
        }

        foreach (int repeat in both)
        {
            RequireSame("model", taught[repeat].Model, own[repeat].Model);
            RequireSame("seed", taught[repeat].Seed.ToString(Invariant), own[repeat].Seed.ToString(Invariant));
        }

        RequireSame("held-out data", Data(distilled), Data(plain));
        return [.. both.Select(repeat => new NetworkPair(repeat + 1, taught[repeat], own[repeat]))];
    }

    private static IFormatProvider Invariant => System.Globalization.CultureInfo.InvariantCulture;

    private static Dictionary<int, TrainedNetwork> Networks(TrainedRun run, NetworkRole role) =>
        run.Networks.Where(network => network.Role == role).ToDictionary(network => network.Repeat);

    private static string Data(TrainedRun run) => $"{run.Task.HeldOutName} ({run.Task.HeldOutFingerprint[..12]})";

    private static void RequireSame(string what, string first, string second)
    {
        if (!string.Equals(first, second, StringComparison.Ordinal))
        {
            throw new AnalysisException($"expected runs of the same {what} but got {first} and {second}");
        }
    }
}
