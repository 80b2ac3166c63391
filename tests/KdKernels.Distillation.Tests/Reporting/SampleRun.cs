using KdKernels.Distillation.Reporting;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tests.Reporting;

/// <summary>A finished run as a report sees it, with figures that can be recognised.</summary>
internal static class SampleRun
{
    public static RunReport Report(int seeds = 3, int epochs = 12, BootstrapInterval? difference = null)
    {
        ExperimentResult result =
            Result(seeds, difference ?? new BootstrapInterval(0.0123, 0.0040, 0.0205, 0.95, 10_000, seeds));
        return new RunReport
        {
            Name = "shapes-20261121-182000",
            DataSet = "shapes",
            Result = result,
            Finished = new DateTimeOffset(2026, 11, 21, 18, 26, 0, TimeSpan.Zero),
            Curves = [.. Curves(result, epochs)],
            Recipe = "name: shapes\nseeds: 3\ndistill:\n  method: kd\n  temperature: 4\n  alpha: 0.9\n",
            Environment = [new("system", "Linux x64"), new(".NET", "10.0.1"), new("libtorch", "1.13.1")],
        };
    }

    public static ExperimentResult Result(int seeds, BootstrapInterval? difference)
    {
        double[] plain = [.. Enumerable.Range(0, seeds).Select(seed => 0.75 + 0.01 * seed)];
        double[] distilled = [.. plain.Select((accuracy, seed) => accuracy + 0.006 + 0.006 * seed)];
        return new ExperimentResult
        {
            Recipe = "shapes",
            Run = "/tmp/runs/shapes",
            Teacher = Network("teacher", NetworkRole.Teacher, "convnet-large", 287_818, 1, 0.8642),
            Plain = [.. plain.Select((value, i)
                => Network($"plain-{i + 1}", NetworkRole.Plain, "convnet-small", 25_578, i + 1, value))],
            Distilled = [.. distilled.Select((value, i)
                => Network($"distilled-{i + 1}", NetworkRole.Distilled, "convnet-small", 25_578, i + 1, value))],
            PlainAccuracy = MeanAndDeviation.Of(plain),
            DistilledAccuracy = MeanAndDeviation.Of(distilled),
            Difference = difference,
            HeldOut = 2000,
            Seconds = 214.4,
        };
    }

    private static NetworkResult Network(
        string name, NetworkRole role, string model, long parameters, long seed, double accuracy)
        => new()
        {
            Name = name,
            Role = role,
            Model = model,
            Parameters = parameters,
            Seed = seed,
            Epochs = 12,
            HeldOut = new HeldOutMetrics(2000, accuracy, 0.7, 0.5, role == NetworkRole.Distilled ? 0.91 : null),
            Seconds = 20,
        };

    private static IEnumerable<TrainingCurve> Curves(ExperimentResult result, int epochs)
    {
        NetworkResult[] networks = [result.Teacher!, .. result.Plain, .. result.Distilled];
        foreach (NetworkResult network in networks)
        {
            bool distilled = network.Role == NetworkRole.Distilled;
            yield return new TrainingCurve(network.Role, network.Name, [.. Enumerable.Range(1, epochs).Select(epoch =>
            {
                double progress = 1 - Math.Exp(-3.0 * epoch / epochs);
                double wobble = 0.01 * Math.Sin(epoch * 1.7 + network.Seed);
                return new EpochPoint(epoch)
                {
                    CrossEntropy = 2.3 - 1.6 * progress + wobble,
                    Distillation = distilled ? 4 - 3 * progress : null,
                    TrainAccuracy = 0.1 + network.HeldOut.Accuracy * 0.92 * progress + wobble,
                    HeldOutAccuracy = 0.1 + network.HeldOut.Accuracy * 0.9 * progress - wobble,
                    LearningRate = 0.05 * (1 - (double)(epoch - 1) / epochs),
                    Temperature = distilled ? 4 : null,
                    Alpha = distilled ? Math.Min(0.9, 0.3 * epoch) : null,
                };
            })]);
        }
    }
}
