using System.Reflection;
using KdKernels.Distillation.Recipes;

namespace KdKernels.Analysis.Claims;

/// <summary>The claims by name: every class of this assembly that has a static <c>Definition</c> of type
/// <see cref="Claim"/>.</summary>
public static class ClaimCatalog
{
    /// <summary>By name.</summary>
    public static IReadOnlyList<Claim> All { get; } =
    [
        .. typeof(ClaimCatalog).Assembly.GetTypes()
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(property => property.Name == "Definition" && property.PropertyType == typeof(Claim))
            .Select(property => (Claim)property.GetValue(null)!)
            .OrderBy(claim => claim.Name, StringComparer.Ordinal),
    ];

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(claim => claim.Name)];

    /// <summary>A claim; null where there is none of this name.</summary>
    public static Claim? Find(string name) =>
        All.FirstOrDefault(claim => string.Equals(claim.Name, name, StringComparison.Ordinal));

    /// <summary>The names that a typing slip is closest to, nearest first, at most three; none where none is near.</summary>
    public static IReadOnlyList<string> Nearest(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        List<string> left = [.. Names];
        List<string> near = [];
        while (near.Count < 3 && RecipeNames.Nearest(name, left) is { } next)
        {
            near.Add(next);
            left.Remove(next);
        }

        return near;
    }
}
