using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Reporting;

/// <summary>What the interval of distilled − plain allows to be said.</summary>
public enum DifferenceVerdict
{
    /// <summary>The whole interval is above 0.</summary>
    Helped,

    /// <summary>The interval contains 0, or is not a number.</summary>
    NotShown,

    /// <summary>The whole interval is below 0.</summary>
    Hurt,
}

/// <summary>Words for an interval: the same ones on the console, in the report and in JSON.</summary>
public static class DifferenceVerdicts
{
    /// <summary>An end that touches 0 does not exclude it.</summary>
    public static DifferenceVerdict Of(BootstrapInterval difference) => difference switch
    {
        { Low: > 0, High: > 0 } => DifferenceVerdict.Helped,
        { Low: < 0, High: < 0 } => DifferenceVerdict.Hurt,
        _ => DifferenceVerdict.NotShown,
    };

    /// <summary>The one sentence that the numbers carry, and no more than that.</summary>
    public static string Sentence(BootstrapInterval difference) => Of(difference) switch
    {
        DifferenceVerdict.Helped => "The interval excludes 0: distillation helped.",
        DifferenceVerdict.Hurt => "The interval excludes 0: distillation hurt.",
        _ => "The interval includes 0: no difference shown at this size.",
    };

    /// <summary>What an interval from a single repeat cannot say; empty for more than one.</summary>
    public static string Caveat(BootstrapInterval difference)
        => difference.Seeds == 1 ? "One seed: the interval is over images only, not over training runs." : "";
}
