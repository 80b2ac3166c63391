using KdKernels.Analysis.Probe;

namespace KdKernels.Analysis.Points;

/// <summary>Where the foreground of images comes from.</summary>
public enum MaskSource
{
    /// <summary>The data set's own masks.</summary>
    Data,

    /// <summary>Pixels whose mean over channels is above half of the scale: the strokes of white digits on black.</summary>
    Strokes,

    /// <summary>The box that leaves an eighth of the image on every side, whatever is in it: what the authors' code does for
    /// ILSVRC, cells 2 to 13 of 16.</summary>
    Centre,
}

/// <summary>Which training of a distilled student is looked at.</summary>
public enum StudentStage
{
    /// <summary>The one that ends with the student; the only one of most methods.</summary>
    Last,

    /// <summary>A two-stage method's first one. That of <c>fitnet</c> learns one layer of the teacher and no labels, as the
    /// students of Cheng et al. 2020 do.</summary>
    First,
}

/// <summary>What a measurement of knowledge points does; recorded with its results.</summary>
public sealed record PointsSettings
{
    /// <summary>Modules whose outputs are analysed; empty takes those whose paths the run recorded.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    /// <summary>Checkpoints, as complete epochs; empty takes all that both networks have.</summary>
    public IReadOnlyList<int> Epochs { get; init; } = [];

    /// <summary>Held-out items that are probed, drawn by <see cref="Seed"/>.</summary>
    public int Items { get; init; } = 50;

    public MaskSource Masks { get; init; } = MaskSource.Data;

    /// <summary>Of the distilled students; plain ones have a single training.</summary>
    public StudentStage Stage { get; init; } = StudentStage.Last;

    /// <summary>b: a unit is a knowledge point where the background's mean entropy exceeds its own by more.</summary>
    public double Threshold { get; init; } = 0.2;

    /// <summary>Share of the checkpoints, the last ones, at which an effective item's foreground has a lower mean entropy than its
    /// background.</summary>
    public double EffectiveShare { get; init; } = 0.7;

    /// <summary>Resamples of the bootstrap.</summary>
    public int Bootstrap { get; init; } = 10_000;

    /// <summary>Of the choice of items and of the bootstrap.</summary>
    public ulong Seed { get; init; }

    public ProbeSettings Probe { get; init; } = new();

    /// <summary>Refuses what cannot be measured.</summary>
    /// <exception cref="AnalysisException">A setting is outside of its range; the message names it.</exception>
    public void Check()
    {
        Probe.Check();
        Require(Items >= 2, $"at least 2 items but got {Items}");
        Require(double.IsFinite(Threshold), $"a finite threshold but got {Threshold}");
        Require(EffectiveShare is > 0 and <= 1, $"a share of checkpoints in (0, 1] but got {EffectiveShare}");
        Require(Bootstrap >= 100, $"at least 100 bootstrap samples but got {Bootstrap}");
        Require(Epochs.All(epoch => epoch >= 0), $"no negative epoch but got {Epochs.DefaultIfEmpty(0).Min()}");
        Require(Epochs.Distinct().Count() == Epochs.Count, $"different epochs but got {string.Join(", ", Epochs)}");
    }

    private static void Require(bool holds, FormattableString expected)
    {
        if (!holds)
        {
            throw new AnalysisException("expected " + FormattableString.Invariant(expected));
        }
    }
}
