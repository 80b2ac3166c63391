using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Output;

/// <summary>The line that scripts read. Keys are only ever added.</summary>
public static class ResultJson
{
    /// <summary>One line. Accuracies are fractions; <c>student</c> is the mean of the plain students.</summary>
    public static string Of(ExperimentResult result, string report)
    {
        ArgumentNullException.ThrowIfNull(result);
        BootstrapInterval? difference = result.Difference;
        return JsonLine.Of(
            new TrainOutcome(
                result.Teacher?.HeldOut.Accuracy,
                result.PlainAccuracy.Mean,
                result.DistilledAccuracy?.Mean,
                difference is null ? null : new DifferenceOutcome(difference.Value, difference.Low, difference.High),
                difference is null ? null : JsonNamingPolicy.SnakeCaseLower.ConvertName(
                    DifferenceVerdicts.Of(difference).ToString()),
                result.Run,
                report,
                result.Plain.Count,
                result.HeldOut,
                result.Seconds),
            JsonLine.Types.TrainOutcome);
    }
}

internal sealed record TrainOutcome(
    double? Teacher,
    double Student,
    double? Distilled,
    DifferenceOutcome? Difference,
    string? Verdict,
    string Run,
    string Report,
    int Seeds,
    int HeldOut,
    double Seconds);

internal sealed record DifferenceOutcome(double Mean, double Low, double High);
