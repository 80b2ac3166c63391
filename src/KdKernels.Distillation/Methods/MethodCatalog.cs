using System.Reflection;

namespace KdKernels.Distillation.Methods;

/// <summary>The distillation methods by name: every class of this assembly that derives from
/// <see cref="DistillationMethod"/> and has a static <c>Definition</c>.</summary>
public static class MethodCatalog
{
    /// <summary><c>none</c> first, then by name.</summary>
    public static IReadOnlyList<MethodDefinition> All { get; } =
    [
        .. typeof(MethodCatalog).Assembly.GetTypes()
            .Where(type => !type.IsAbstract && type.IsSubclassOf(typeof(DistillationMethod)))
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(property => property.PropertyType == typeof(MethodDefinition))
            .Select(property => (MethodDefinition)property.GetValue(null)!)
            .OrderBy(definition => definition.Name != None)
            .ThenBy(definition => definition.Name, StringComparer.Ordinal),
    ];

    /// <summary>The name that stands for no distillation.</summary>
    public const string None = "none";

    public static IReadOnlyList<string> Names { get; } = [.. All.Select(definition => definition.Name)];

    /// <summary>A definition; null where there is no method of this name.</summary>
    public static MethodDefinition? Find(string name) =>
        All.FirstOrDefault(definition => string.Equals(definition.Name, name, StringComparison.Ordinal));
}
