using System.Runtime.InteropServices;
using KdKernels.Distillation.Formats;

namespace KdKernels.Distillation.Reporting;

/// <summary>What every network of a run took every held-out image for: the content of
/// <c>predictions.safetensors</c>.</summary>
/// <param name="Labels">The true classes, <c>[N]</c>.</param>
/// <param name="Teacher">The teacher's answers, <c>[N]</c>; empty without a teacher.</param>
/// <param name="Plain">Answers of the plain students, one array <c>[N]</c> per seed.</param>
/// <param name="Distilled">Answers of the distilled students, one array <c>[N]</c> per seed; empty where nothing was
/// distilled.</param>
internal sealed record HeldOutPredictions(long[] Labels, long[] Teacher, long[][] Plain, long[][] Distilled)
{
    /// <exception cref="InvalidDataException">The file is damaged, or its tensors do not fit together.</exception>
    public static HeldOutPredictions Read(string path)
    {
        SafetensorsReader file = SafetensorsReader.Open(path);
        long[] labels = Values(file, "label", path);
        var predictions = new HeldOutPredictions(
            labels, Values(file, "teacher", path), Rows(file, "plain", labels.Length, path), Rows(
                file, "distilled", labels.Length, path));
        if (predictions.Teacher.Length != 0 && predictions.Teacher.Length != labels.Length)
        {
            throw new InvalidDataException(
                $"{path}: teacher: expected {labels.Length} predictions but got {predictions.Teacher.Length}");
        }

        return predictions;
    }

    private static long[][] Rows(SafetensorsReader file, string name, int length, string path)
    {
        long[] values = Values(file, name, path);
        if (values.Length == 0)
            return [];
        if (length == 0 || values.Length % length != 0)
            throw new InvalidDataException(
                $"{path}: {name}: expected rows of {length} predictions but got {values.Length} in all");
        return [.. values.Chunk(length)];
    }

    private static long[] Values(SafetensorsReader file, string name, string path)
    {
        if (file.Find(name) is not { } entry)
            return [];
        if (entry.Type != SafetensorsType.I64)
            throw new InvalidDataException($"{path}: {name}: expected I64 but got {entry.Type}");
        return MemoryMarshal.Cast<byte, long>(file.Data(entry).Span).ToArray();
    }
}
