using System.Runtime.InteropServices;
using System.Text.Json;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Formats;

namespace KdKernels.Distillation.Reporting;

/// <summary>
/// The few held-out pictures that a report shows, kept in the run folder so that the report can be written again where
/// the data
/// are not: <c>index [K]</c> int64, <c>image [K, C, H, W]</c> uint8, and the class names as a JSON array in the
/// metadata.
/// </summary>
public static class SampleFile
{
    /// <summary>Name of the file in a run folder.</summary>
    public const string Name = "samples.safetensors";

    private const string ClassesKey = "classes";

    /// <summary>Chooses pictures by the predictions in the run folder and writes them beside those.</summary>
    /// <param name="runFolder">Holds <c>predictions.safetensors</c>.</param>
    /// <param name="heldOut">The images that the predictions are about, in the same order.</param>
    /// <exception cref="InvalidDataException">The predictions are damaged, or of another number of images.</exception>
    public static void Save(string runFolder, ImageSet heldOut)
    {
        ArgumentNullException.ThrowIfNull(heldOut);
        string predictionsPath = Path.Combine(runFolder, RunReportReader.PredictionsName);
        HeldOutPredictions predictions = HeldOutPredictions.Read(predictionsPath);
        if (predictions.Labels.Length != heldOut.Count)
        {
            throw new InvalidDataException(
                $"{predictionsPath}: expected predictions of {heldOut.Count} images "
                + $"but got {predictions.Labels.Length}");
        }

        int[] chosen = SampleChoice.Of(predictions);
        byte[] images = new byte[chosen.Length * heldOut.Shape.ByteCount];
        for (int place = 0; place < chosen.Length; place++)
            heldOut.Image(chosen[place]).CopyTo(images.AsSpan(place * heldOut.Shape.ByteCount));
        long[] indices = [.. chosen.Select(index => (long)index)];
        byte[] file = SafetensorsWriter.ToArray(
            [
                new SafetensorsTensor(
                    "index", SafetensorsType.I64, [chosen.Length], MemoryMarshal.AsBytes(indices.AsSpan()).ToArray()),
                new SafetensorsTensor(
                    "image",
                    SafetensorsType.U8,
                    [chosen.Length, heldOut.Channels, heldOut.Height, heldOut.Width],
                    images),
            ],
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [ClassesKey] = JsonSerializer.Serialize([.. heldOut.ClassNames], ReportJson.Default.StringArray),
            });
        WholeFile.Write(Path.Combine(runFolder, Name), file);
    }

    /// <summary>The pictures with the answers of the first seed's networks.</summary>
    internal static IReadOnlyList<SamplePicture> Read(string path, HeldOutPredictions predictions)
    {
        SafetensorsReader file = SafetensorsReader.Open(path);
        SafetensorsEntry index = Required(file, "index", SafetensorsType.I64, 1, path);
        SafetensorsEntry image = Required(file, "image", SafetensorsType.U8, 4, path);
        string[] classes = file.Metadata.TryGetValue(ClassesKey, out string? names)
            ? JsonSerializer.Deserialize(names, ReportJson.Default.StringArray) ?? []
            : throw new InvalidDataException($"{path}: expected '{ClassesKey}' in its metadata");
        long[] indices = MemoryMarshal.Cast<byte, long>(file.Data(index).Span).ToArray();
        if (indices.Length != image.Shape[0] || Array.Exists(indices, i => i < 0 || i >= predictions.Labels.Length))
        {
            throw new InvalidDataException(
                $"{path}: expected {image.Shape[0]} indices in [0, {predictions.Labels.Length}) "
                + $"but got {string.Join(", ", indices)}");
        }

        (int channels, int height, int width) = ((int)image.Shape[1], (int)image.Shape[2], (int)image.Shape[3]);
        int bytes = channels * height * width;
        string ClassOf(long label) => label >= 0 && label < classes.Length ? classes[label] : $"class {label}";
        return
        [
            .. indices.Select((at, place) => new SamplePicture(
                PngWriter.EncodePlanar(file.Data(image).Span.Slice(place * bytes, bytes), width, height, channels),
                width,
                height,
                ClassOf(predictions.Labels[at]),
                predictions.Teacher.Length > 0 ? ClassOf(predictions.Teacher[at]) : null,
                ClassOf(predictions.Plain[0][at]),
                predictions.Distilled.Length > 0 ? ClassOf(predictions.Distilled[0][at]) : null)),
        ];
    }

    private static SafetensorsEntry Required(
        SafetensorsReader file, string name, SafetensorsType type, int dimensions, string path)
        => file.Find(name) is { } entry && entry.Type == type && entry.Shape.Count == dimensions
            ? entry
            : throw new InvalidDataException($"{path}: expected '{name}' of type {type} with {dimensions} dimensions");
}
