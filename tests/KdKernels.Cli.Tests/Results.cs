using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Tests;

/// <summary>Results of runs that never were, with figures that can be recognised.</summary>
internal static class Results
{
    public static ExperimentResult With(BootstrapInterval? difference, params double[] plain) => new()
    {
        Recipe = "shapes-kd",
        Run = "/runs/one",
        Teacher = difference is null ? null : Network(NetworkRole.Teacher, "convnet-large", 287_818, 0.8642),
        Plain = [.. plain.Select(accuracy => Network(NetworkRole.Plain, "convnet-small", 25_578, accuracy))],
        Distilled = difference is null
            ? []
            :
            [
                .. plain.Select(accuracy
                    => Network(NetworkRole.Distilled, "convnet-small", 25_578, accuracy + difference.Value)),
            ],
        PlainAccuracy = MeanAndDeviation.Of(plain),
        DistilledAccuracy =
            difference is null ? null : MeanAndDeviation.Of([.. plain.Select(accuracy => accuracy + difference.Value)]),
        Difference = difference,
        HeldOut = 2000,
        Seconds = 185.2,
    };

    public static BootstrapInterval Interval(double value, double low, double high, int seeds = 3)
        => new(value, low, high, 0.95, 10_000, seeds);

    public static StageInfo Stage(int number = 3)
        => new("plain-2", NetworkRole.Plain, 1, 2, "convnet-small", 25_578, 12, 63, number, 7);

    public static NetworkResult Network(NetworkRole role, string model, long parameters, double accuracy) => new()
    {
        Name = role.ToString(),
        Role = role,
        Model = model,
        Parameters = parameters,
        Seed = 1,
        Epochs = 12,
        HeldOut = new HeldOutMetrics(2000, accuracy, 0.7, 0.5, null),
        Seconds = 20.1,
    };
}
