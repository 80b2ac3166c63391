using System.Globalization;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Formats;
using KdKernels.Distillation.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>What is needed to find out why a loss was not a number: the batch, both networks' logits, the weights
/// before the step.</summary>
internal static class DivergenceDump
{
    /// <summary>Writes <c>batch.safetensors</c> and the weights, and returns their folder.</summary>
    public static string Write(
        TrainingTask task,
        int epoch,
        int step,
        Batch batch,
        BatchLoss loss)
    {
        List<SafetensorsTensor> tensors =
        [
            Of("images", batch.Inputs),
            Of("logits", loss.Output),
            Of("labels", batch.Labels),
            Of("index", batch.Indices),
        ];
        if (loss.TeacherOutput is not null)
        {
            tensors.Add(Of("teacher_logits", loss.TeacherOutput));
        }

        Dictionary<string, string> metadata = new(StringComparer.Ordinal)
        {
            ["kd.stage"] = task.Stage.Name,
            ["kd.epoch"] = (epoch + 1).ToString(CultureInfo.InvariantCulture),
            ["kd.step"] = (step + 1).ToString(CultureInfo.InvariantCulture),
            ["kd.loss"] = loss.Terms.Total.ToString(CultureInfo.InvariantCulture),
            ["kd.cross_entropy"] = loss.Terms.CrossEntropy.ToString(CultureInfo.InvariantCulture),
            ["kd.distillation"] = loss.Terms.Distillation?.ToString(CultureInfo.InvariantCulture) ?? "",
            ["kd.terms"] = string.Join(
                ", ",
                loss.Terms.Terms?.Select(term => string.Create(CultureInfo.InvariantCulture, $"{term.Key} {term.Value}"))
                    ?? []),
            ["kd.temperature"] = loss.Temperature?.ToString(CultureInfo.InvariantCulture) ?? "",
            ["kd.alpha"] = loss.Alpha?.ToString(CultureInfo.InvariantCulture) ?? "",
        };
        string folder = Write(task, NetworkWeights.Save(task.Network, task.Signature));
        File.WriteAllBytes(Path.Combine(folder, "batch.safetensors"), SafetensorsWriter.ToArray(tensors, metadata));
        return folder;
    }

    /// <summary>Writes weights that are themselves not numbers, and returns their folder.</summary>
    public static string Write(TrainingTask task, byte[] weights)
    {
        Directory.CreateDirectory(task.DumpFolder);
        File.WriteAllBytes(Path.Combine(task.DumpFolder, TrainingFiles.WeightsOf(task.Stage.Role)), weights);
        return task.DumpFolder;
    }

    private static SafetensorsTensor Of(string name, Tensor tensor) => new(
        name,
        tensor.dtype == ScalarType.Int64 ? SafetensorsType.I64 : SafetensorsType.F32,
        [.. tensor.shape],
        Bytes(tensor));

    private static byte[] Bytes(Tensor tensor) => tensor.detach().cpu().contiguous().bytes.ToArray();
}
