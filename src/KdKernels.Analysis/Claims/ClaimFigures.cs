using System.Globalization;
using KdKernels.Distillation.Reporting;

namespace KdKernels.Analysis.Claims;

/// <summary>How numbers of claims are written, on the console and in the report.</summary>
public static class ClaimFigures
{
    /// <summary>Four significant digits, <c>∞</c>, or a dash where there is no number.</summary>
    public static string Number(double value) => double.IsNaN(value)
        ? Figures.None
        : double.IsInfinity(value)
            ? value > 0 ? "∞" : "−∞"
            : value.ToString("G4", CultureInfo.InvariantCulture).Replace('-', '−');

    /// <summary>Both ends.</summary>
    public static string Interval(ClaimStatistic statistic)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        return $"{Number(statistic.Interval.Low)} to {Number(statistic.Interval.High)}";
    }

    /// <summary>Where it is claimed to be: <c>&gt; 0</c>.</summary>
    public static string Claimed(ClaimStatistic statistic)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        return $"{(statistic.Side == ClaimSide.Above ? '>' : '<')} {Number(statistic.Threshold)}";
    }

    /// <summary>Its verdict; in brackets where it does not count.</summary>
    public static string Verdict(ClaimStatistic statistic)
    {
        ArgumentNullException.ThrowIfNull(statistic);
        string text = ClaimVerdicts.Text(statistic.Verdict);
        return statistic.Decides ? text : $"({text})";
    }
}
