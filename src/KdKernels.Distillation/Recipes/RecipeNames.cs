using System.Text.Encodings.Web;
using System.Text.Json;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Tasks;

namespace KdKernels.Distillation.Recipes;

/// <summary>The words that recipes may use, in one place for reading, writing and error messages.</summary>
internal static class RecipeNames
{
    public static readonly JsonSerializerOptions PlainText =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly IReadOnlyList<string> Models = [.. ModelRegistry.Models.Select(model => model.Name)];

    public static readonly IReadOnlyList<string> DataSets = TaskCatalog.Names;

    /// <summary>Names of an enum's members: <c>OneCycle</c> is <c>one-cycle</c>.</summary>
    public static IReadOnlyList<string> All<T>()
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(Of)];

    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    /// <summary>The candidate that a typing slip is closest to; null where none is near.</summary>
    public static string? Nearest(string name, IEnumerable<string> candidates)
    {
        (string Name, int Distance) best = candidates
            .Select(candidate => (Name: candidate, Distance: EditDistance(name.ToLowerInvariant(), candidate)))
            .MinBy(pair => pair.Distance);
        return best.Name is not null && best.Distance <= Math.Max(2, best.Name.Length / 2) ? best.Name : null;
    }

    // Levenshtein's distance, one row at a time. Names in recipes are short; a hostile one is cut.
    private static int EditDistance(string left, string right)
    {
        left = left.Length > 64 ? left[..64] : left;
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int substituted = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
