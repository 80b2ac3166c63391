using System.Text.Json;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Reporting;

/// <summary>Reads what a finished run left in its folder.</summary>
public static class RunReportReader
{
    internal const string PredictionsName = "predictions.safetensors";

    /// <summary>Everything that a report shows, from the run folder alone.</summary>
    /// <exception cref="RunFolderException">A file is missing or damaged: which, and what was expected.</exception>
    public static RunReport Read(string runFolder)
    {
        string folder = Path.GetFullPath(runFolder);
        string summary = Path.Combine(folder, "summary.json");
        string recipePath = Path.Combine(folder, "recipe.yaml");
        try
        {
            string recipe = File.ReadAllText(recipePath);
            Recipe parsed = RecipeReader.Parse(
                recipe, recipePath, environment: new Dictionary<string, string>(StringComparer.Ordinal));
            return new RunReport
            {
                Name = Path.GetFileName(folder),
                DataSet = parsed.Data.Name,
                Result = JsonSerializer.Deserialize(File.ReadAllText(summary), RunJson.Default.ExperimentResult)
                    ?? throw new JsonException("expected an object but got null"),
                Finished = new DateTimeOffset(File.GetLastWriteTimeUtc(summary), TimeSpan.Zero),
                Curves = ReadCurves(Path.Combine(folder, "metrics.jsonl")),
                Samples = ReadSamples(folder),
                Recipe = recipe,
                Environment = ReadEnvironment(Path.Combine(folder, "environment.json")),
            };
        }
        catch (Exception unreadable) when (
            unreadable is IOException or UnauthorizedAccessException or JsonException or InvalidDataException)
        {
            throw new RunFolderException(
                $"{folder} is not the folder of a finished run: {unreadable.Message}", unreadable);
        }
    }

    /// <summary>
    /// One curve per stage, in the order in which stages began. An epoch that a killed process had written and its
    /// successor
    /// repeated stands twice in the file; a line that it was killed in is no JSON. The later line counts, a torn one
    /// does not.
    /// </summary>
    private static List<TrainingCurve> ReadCurves(string path)
    {
        var stages = new Dictionary<string, SortedDictionary<int, EpochPoint>>(StringComparer.Ordinal);
        var order = new List<string>();
        if (!File.Exists(path))
            return [];
        foreach (EpochRecord record in File.ReadLines(path).Select(ParseEpoch).OfType<EpochRecord>())
        {
            if (!stages.TryGetValue(record.Stage, out SortedDictionary<int, EpochPoint>? points))
            {
                stages.Add(record.Stage, points = []);
                order.Add(record.Stage);
            }

            points[record.Epoch] = new EpochPoint(record.Epoch)
            {
                CrossEntropy = record.CrossEntropy,
                Distillation = record.Distillation,
                TrainAccuracy = record.TrainAccuracy,
                HeldOutAccuracy = record.HeldOut?.Accuracy,
                LearningRate = record.LearningRate,
                Temperature = record.Temperature,
                Alpha = record.Alpha,
            };
        }

        return
        [
            .. order.Where(stage => RoleOf(stage) is not null)
                .Select(stage => new TrainingCurve(RoleOf(stage)!.Value, stage, [.. stages[stage].Values])),
        ];
    }

    private static EpochRecord? ParseEpoch(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.TryGetProperty("event", out JsonElement kind) && kind.ValueEquals("epoch")
                ? document.Deserialize(RunJson.Default.EpochRecord)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Null for what stands between: assistants, first stages, parts on top of a teacher.</summary>
    private static NetworkRole? RoleOf(string stage)
    {
        string[] words = stage.Split('-');
        return words switch
        {
            ["teacher"] => NetworkRole.Teacher,
            ["plain", _] => NetworkRole.Plain,
            [_, var last] when int.TryParse(last, out _) && words[0] != "teacher" => NetworkRole.Distilled,
            _ => null,
        };
    }

    private static IReadOnlyList<SamplePicture> ReadSamples(string folder)
    {
        string samples = Path.Combine(folder, SampleFile.Name);
        string predictions = Path.Combine(folder, PredictionsName);
        return File.Exists(samples) && File.Exists(predictions)
            ? SampleFile.Read(samples, HeldOutPredictions.Read(predictions))
            : [];
    }

    private static string Spelling(string property) => property switch
    {
        "kd_kernels" => "KdKernels",
        "dotnet" => "runtime",
        "os" => "system",
        "cpu" => "processor",
        _ => property.Replace('_', ' '),
    };

    /// <summary>Every property as text: a property that a later version adds shows up without a change here.</summary>
    private static List<KeyValuePair<string, string>> ReadEnvironment(string path)
    {
        if (!File.Exists(path))
            return [];
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        return
        [
            .. document.RootElement.EnumerateObject()
                .Where(property => property.Value.ValueKind != JsonValueKind.Null)
                .Select(property => KeyValuePair.Create(Spelling(property.Name), property.Value.ValueKind switch
                {
                    JsonValueKind.String => property.Value.GetString() ?? "",
                    JsonValueKind.Array
                        => string.Join(", ", property.Value.EnumerateArray().Select(item => item.ToString())),
                    _ => property.Value.ToString(),
                })),
        ];
    }
}
