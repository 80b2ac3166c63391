using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Formats;

namespace KdKernels.Distillation.Training;

/// <summary>What stands in the run folder when a run has ended.</summary>
internal static class ExperimentFiles
{
    /// <summary>Writes predictions, sample pictures and tables; <c>summary.json</c> last, as its presence says that the run
    /// is finished.</summary>
    public static void Write(
        RunFolder folder,
        ExperimentResult result,
        ImageSet heldOut,
        int[]? teacher,
        IReadOnlyList<int[]> plain,
        IReadOnlyList<int[]> distilled)
    {
        Replace(folder.PredictionsPath, Predictions(heldOut, teacher, plain, distilled));
        Reporting.SampleFile.Save(folder.FullPath, heldOut);
        Replace(folder.SummaryCsvPath, Encoding.UTF8.GetBytes(Csv(result)));
        Replace(
            folder.SummaryJsonPath,
            Encoding.UTF8.GetBytes(JsonSerializer.Serialize(result, RunJson.Default.ExperimentResult) + "\n"));
    }

    private static byte[] Predictions(
        ImageSet heldOut, int[]? teacher, IReadOnlyList<int[]> plain, IReadOnlyList<int[]> distilled)
    {
        int images = heldOut.Count;
        List<SafetensorsTensor> tensors =
        [
            Tensor("label", [images], [heldOut.Labels.ToArray()]),
            Tensor("plain", [plain.Count, images], plain),
        ];
        if (teacher is not null)
        {
            tensors.Add(Tensor("teacher", [images], [teacher]));
            tensors.Add(Tensor("distilled", [distilled.Count, images], distilled));
        }

        return SafetensorsWriter.ToArray(tensors, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["kd.format"] = "1",
            ["kd.data"] = heldOut.Name,
            ["kd.data_fingerprint"] = heldOut.Fingerprint,
        });
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
