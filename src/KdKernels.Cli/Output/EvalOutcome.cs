using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Output;

/// <summary>What <c>kd eval --json</c> prints.</summary>
internal sealed record EvalOutcome(
    string Checkpoint,
    string Model,
    string Data,
    int HeldOut,
    double Accuracy,
    double? Low,
    double? High,
    double Loss,
    IReadOnlyList<ClassOutcome> Classes,
    IReadOnlyList<IReadOnlyList<int>> Confusion,
    IReadOnlyDictionary<string, double>? Extra = null)
{
    /// <summary>Where items do not have one class each: no interval, no classes, no confusions.</summary>
    public static EvalOutcome Of(string checkpoint, string model, string data, HeldOutMetrics metrics) => new(
        checkpoint,
        model,
        data,
        metrics.Images,
        metrics.Accuracy,
        Low: null,
        High: null,
        metrics.Loss,
        [],
        [],
        metrics.Extra);

    public static EvalOutcome Of(string checkpoint, string model, string data, double loss, ClassificationResult result)
        => new(
        checkpoint,
        model,
        data,
        result.Images,
        result.Accuracy,
        result.Low,
        result.High,
        loss,
        [
            .. result.ClassNames.Select(
                (name, label) => new ClassOutcome(name, result.ImagesOf(label), result.AccuracyOf(label))),
        ],
        result.Confusion);
}

/// <summary>One class; its accuracy is null where it has no images.</summary>
internal sealed record ClassOutcome(string Name, int Images, double? Accuracy);
