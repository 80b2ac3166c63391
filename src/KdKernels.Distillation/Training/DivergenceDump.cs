using System.Globalization;
using System.Runtime.InteropServices;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Formats;
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
        ReadOnlySpan<int> indices,
        Tensor images,
        Tensor labels,
        Tensor logits,
        BatchLoss loss)
    {
        List<SafetensorsTensor> tensors =
        [
            Floats("images", images),
            Floats("logits", logits),
            new("labels", SafetensorsType.I64, [.. labels.shape], Bytes(labels)),
            new("index", SafetensorsType.I32, [indices.Length], MemoryMarshal.AsBytes(indices).ToArray()),
        ];
        if (loss.TeacherLogits is not null)
        {
            tensors.Add(Floats("teacher_logits", loss.TeacherLogits));
        }

        Dictionary<string, string> metadata = new(StringComparer.Ordinal)
        {
            ["kd.stage"] = task.Stage.Name,
            ["kd.epoch"] = (epoch + 1).ToString(CultureInfo.InvariantCulture),
            ["kd.step"] = (step + 1).ToString(CultureInfo.InvariantCulture),
            ["kd.loss"] = loss.Terms.Total.ToString(CultureInfo.InvariantCulture),
            ["kd.cross_entropy"] = loss.Terms.CrossEntropy.ToString(CultureInfo.InvariantCulture),
            ["kd.distillation"] = loss.Terms.Distillation?.ToString(CultureInfo.InvariantCulture) ?? "",
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

    private static SafetensorsTensor Floats(string name, Tensor tensor) =>
        new(name, SafetensorsType.F32, [.. tensor.shape], Bytes(tensor));

    private static byte[] Bytes(Tensor tensor) => tensor.detach().cpu().contiguous().bytes.ToArray();
}
