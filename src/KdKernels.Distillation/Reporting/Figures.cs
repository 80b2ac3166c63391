using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Reporting;

/// <summary>How numbers are written wherever a result is shown: one spelling on the console and in the
/// report.</summary>
public static class Figures
{
    /// <summary>What stands where there is no number.</summary>
    public const string None = "–";

    /// <summary>A fraction in percent: <c>87.43 %</c>.</summary>
    public static string Percent(double fraction) => Percent((double?)fraction);

    /// <summary>A fraction in percent, or a dash where there is none.</summary>
    public static string Percent(double? fraction)
        => fraction is { } value && double.IsFinite(value) ? $"{100 * value:0.00} %" : None;

    /// <summary>A difference of fractions in percentage points, always with its sign: <c>+1.23</c>, <c>−0.40</c>,
    /// <c>0.00</c>.</summary>
    public static string Points(double fraction)
    {
        if (!double.IsFinite(fraction))
            return None;
        double points = Math.Round(100 * fraction, 2, MidpointRounding.AwayFromZero);
        return points switch
        {
            > 0 => $"+{points:0.00}",
            < 0 => $"−{-points:0.00}",
            _ => "0.00",
        };
    }

    /// <summary>Mean ± sample standard deviation in percent; the mean alone where one value says nothing about
    /// spread.</summary>
    public static string MeanAndSpread(MeanAndDeviation? accuracy) => accuracy switch
    {
        null => None,
        { Deviation: { } deviation } => $"{100 * accuracy.Mean:0.00} ± {100 * deviation:0.00} %",
        _ => Percent(accuracy.Mean),
    };

    /// <summary>A duration as people say it: <c>8.4 s</c>, <c>3 min 05 s</c>, <c>2 h 07 min</c>.</summary>
    public static string Duration(double seconds)
    {
        if (!double.IsFinite(seconds) || seconds < 0)
            return None;
        if (seconds < 59.95)
            return $"{seconds:0.0} s";
        long whole = (long)Math.Round(seconds);
        return whole < 3600
            ? $"{whole / 60} min {whole % 60:00} s"
            : $"{whole / 3600} h {whole % 3600 / 60:00} min";
    }

    /// <summary>A count with its noun: <c>1 seed</c>, <c>2,000 images</c>.</summary>
    public static string Count(long count, string noun) => count == 1 ? $"1 {noun}" : $"{count:#,0} {noun}s";
}
