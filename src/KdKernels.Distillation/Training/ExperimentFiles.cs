using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using KdKernels.Distillation.Formats;
using KdKernels.Distillation.Tasks;

namespace KdKernels.Distillation.Training;

/// <summary>What stands in the run folder when a run has ended.</summary>
internal static class ExperimentFiles
{
    /// <summary>Writes predictions, sample pictures and tables; <c>summary.json</c> last, as its presence says that the run
    /// is finished.</summary>
    public static void Write(RunFolder folder, ExperimentResult result, LearningTask task, SessionOutcome outcome)
    {
        Replace(folder.PredictionsPath, Predictions(task, outcome));
        if (task.HeldOutImages is { } images)
        {
            Reporting.SampleFile.Save(folder.FullPath, images);
        }

        Replace(folder.SummaryCsvPath, Encoding.UTF8.GetBytes(Csv(result)));
        Replace(
            folder.SummaryJsonPath,
            Encoding.UTF8.GetBytes(JsonSerializer.Serialize(result, RunJson.Default.ExperimentResult) + "\n"));
    }

    private static byte[] Predictions(LearningTask task, SessionOutcome outcome)
    {
        int items = task.HeldOutCount;
        IReadOnlyList<Outcome> distilled = outcome.Arms.Count == 0 ? [] : outcome.Arms[0];
        List<SafetensorsTensor> tensors =
        [
            Scores("plain-score", outcome.Plain, items),
        ];
        if (distilled.Count > 0)
        {
            tensors.Add(Scores("distilled-score", distilled, items));
        }

        if (task.HeldOutLabels is { } labels)
        {
            tensors.Add(Tensor("label", [items], [[.. labels]]));
            tensors.Add(Tensor("plain", [outcome.Plain.Count, items], outcome.Plain.Select(Answers)));
            if (outcome.Teacher?.Evaluation.Predictions is { } teacher && teacher.Length == items)
            {
                tensors.Add(Tensor("teacher", [items], [teacher]));
            }

            if (distilled.Count > 0)
            {
                tensors.Add(Tensor("distilled", [distilled.Count, items], distilled.Select(Answers)));
            }
        }

        return SafetensorsWriter.ToArray(tensors, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["kd.format"] = "1",
            ["kd.data"] = task.HeldOutName,
            ["kd.data_fingerprint"] = task.HeldOutFingerprint,
        });

        static int[] Answers(Outcome network) => network.Evaluation.Predictions!;
    }

    private static SafetensorsTensor Scores(string name, IReadOnlyList<Outcome> networks, int items)
    {
        double[] values = [.. networks.SelectMany(network => network.Evaluation.Scores)];
        return new SafetensorsTensor(
            name, SafetensorsType.F64, [networks.Count, items], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
    }

    private static SafetensorsTensor Tensor(string name, long[] shape, IEnumerable<int[]> rows)
    {
        long[] values = [.. rows.SelectMany(row => row).Select(value => (long)value)];
        return new SafetensorsTensor(
            name, SafetensorsType.I64, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
    }

    private static string Csv(ExperimentResult result)
    {
        var csv = new StringBuilder(
            "name,role,model,parameters,seed,epochs,images,accuracy,loss,entropy,agreement,seconds\n");
        NetworkResult[] teacher = result.Teacher is null ? [] : [result.Teacher];
        NetworkResult[] networks = [.. teacher, .. result.Plain, .. result.Distilled];
        foreach (NetworkResult network in networks)
        {
            HeldOutMetrics measured = network.HeldOut;
            string role = JsonNamingPolicy.SnakeCaseLower.ConvertName(network.Role.ToString());
            csv.Append(
                CultureInfo.InvariantCulture,
                $"{network.Name},{role},{network.Model},{network.Parameters},{network.Seed},{network.Epochs},");
            csv.Append(
                CultureInfo.InvariantCulture,
                $"{measured.Images},{measured.Accuracy:R},{measured.Loss:R},{measured.Entropy:R},");
            csv.Append(CultureInfo.InvariantCulture, $"{measured.Agreement:R},{network.Seconds:F3}\n");
        }

        return csv.ToString();
    }

    private static void Replace(string path, byte[] bytes)
    {
        string temporary = path + ".tmp-new";
        File.WriteAllBytes(temporary, bytes);
        File.Move(temporary, path, overwrite: true);
    }
}
