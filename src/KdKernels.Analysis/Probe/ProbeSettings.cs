namespace KdKernels.Analysis.Probe;

/// <summary>Which of the deviations that an optimisation goes through is its result.</summary>
public enum ProbeSelection
{
    /// <summary>Those of the step whose mean entropy is nearest <see cref="ProbeSettings.TargetEntropy"/>: every network and
    /// checkpoint is compared at the same mean.</summary>
    NearestTarget,

    /// <summary>The mean over the last half of the steps: the optimum itself, once they have converged.</summary>
    LastHalf,
}

/// <summary>
/// How the entropy probe of Cheng, Rao, Chen and Zhang (CVPR 2020, section 3.1) optimises. The defaults are those of the authors'
/// code; every output records the settings that it was made with, since target and clamp decide who gets knowledge points.
/// </summary>
public sealed record ProbeSettings
{
    /// <summary>Cells along the height and the width of an image; one deviation per cell, shared by its channels.</summary>
    public int Grid { get; init; } = 16;

    /// <summary>σ at the beginning, in units of the normalised input.</summary>
    public double InitialSigma { get; init; } = 0.01;

    /// <summary>Noisy copies of each item in every step.</summary>
    public int Samples { get; init; } = 96;

    /// <summary>α, the weight of the mean entropy; 7 for VGG and AlexNet, 6 for ResNets in the authors' code.</summary>
    public double Alpha { get; init; } = 7;

    /// <summary>What α is multiplied by for the extra steps.</summary>
    public double AlphaGrowth { get; init; } = 1.5;

    /// <summary>Of plain gradient descent on σ, for items of 256 units, as 16x16 cells are. A unit's derivative falls as the number of
    /// units grows, so that the rate of other items is this times their units / 256: σ then moves alike.</summary>
    public double LearningRate { get; init; } = 1e-4;

    /// <summary>σ is clamped to [this, <see cref="MaxSigma"/>] before each forward pass.</summary>
    public double MinSigma { get; init; } = 0.001;

    public double MaxSigma { get; init; } = 1;

    public int Steps { get; init; } = 60;

    /// <summary>More steps, with the larger α, for items whose mean entropy has not exceeded the target until then.</summary>
    public int ExtraSteps { get; init; } = 20;

    /// <summary>Mean entropy in nats at which items are compared; −2.8 is σ = 0.0147.</summary>
    public double TargetEntropy { get; init; } = -2.8;

    /// <summary>Whether the features are compared behind a ReLU.</summary>
    public bool Rectify { get; init; } = true;

    public ProbeSelection Selection { get; init; } = ProbeSelection.NearestTarget;

    /// <summary>Whether an item's optimisation ends with the first step above the target, which is what makes the reduced setting
    /// quick. The authors' code goes on: the step nearest the target may then be a later one.</summary>
    public bool StopAtTarget { get; init; }

    /// <summary>Key of the noise. Every network and checkpoint sees the same noise in the same step (common random numbers), so
    /// that differences between them are not differences of noise.</summary>
    public ulong Seed { get; init; }

    /// <summary>Noisy copies that go through the network at once; more need memory, fewer leave a GPU idle. At least one item's
    /// are always together. The result does not depend on it.</summary>
    public int CopiesPerPass { get; init; } = 96;

    /// <summary>
    /// A setting for two CPU cores: 8x8 cells, 24 copies, 40 steps, ended at the target.
    /// </summary>
    public static ProbeSettings Reduced { get; } = new()
    {
        Grid = 8,
        Samples = 24,
        Steps = 40,
        StopAtTarget = true,
    };

    /// <summary>Refuses what cannot be optimised.</summary>
    /// <exception cref="AnalysisException">A setting is outside of its range; the message names it.</exception>
    public void Check()
    {
        Require(Grid >= 1, "at least one cell", Grid);
        Require(Samples >= 1, "at least one noisy copy", Samples);
        Require(Steps >= 1, "at least one step", Steps);
        Require(ExtraSteps >= 0, "no negative number of extra steps", ExtraSteps);
        Require(CopiesPerPass >= 1, "at least one copy in a pass", CopiesPerPass);
        Require(IsPositive(Alpha), "a positive alpha", Alpha);
        Require(IsPositive(AlphaGrowth), "a positive growth of alpha", AlphaGrowth);
        Require(IsPositive(LearningRate), "a positive learning rate", LearningRate);
        Require(IsPositive(MinSigma), "a positive smallest sigma", MinSigma);
        Require(MaxSigma > MinSigma && double.IsFinite(MaxSigma), $"a largest sigma above the smallest, {MinSigma},", MaxSigma);
        Require(
            InitialSigma >= MinSigma && InitialSigma <= MaxSigma, $"a first sigma in [{MinSigma}, {MaxSigma}]", InitialSigma);
        Require(double.IsFinite(TargetEntropy), "a finite target entropy", TargetEntropy);
    }

    private static bool IsPositive(double value) => value > 0 && double.IsFinite(value);

    private static void Require(bool holds, string expected, double actual)
    {
        if (!holds)
        {
            throw new AnalysisException(
                string.Create(System.Globalization.CultureInfo.InvariantCulture, $"expected {expected} but got {actual}"));
        }
    }
}
