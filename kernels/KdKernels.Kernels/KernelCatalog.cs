using System.Reflection;

namespace KdKernels.Kernels;

/// <summary>Every kernel that is compiled ahead of time.</summary>
public static class KernelCatalog
{
    /// <summary>
    /// All variants, by stem: what the static property <c>Variants</c> of each class <c>KdKernels.Kernels.Stem.StemKernels</c> lists.
    /// </summary>
    public static IEnumerable<KernelVariant> All =>
        typeof(KernelCatalog).Assembly.GetTypes()
            .Where(type => type.FullName == $"{typeof(KernelCatalog).Namespace}.{StemOf(type)}.{StemOf(type)}Kernels")
            .OrderBy(StemOf, StringComparer.Ordinal)
            .SelectMany(VariantsOf);

    private static string StemOf(Type type) => type.Namespace?.Split('.')[^1] ?? "";

    private static IEnumerable<KernelVariant> VariantsOf(Type type) =>
        type.GetProperty("Variants", BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)?.GetValue(null)
            as IEnumerable<KernelVariant>
        ?? throw new InvalidOperationException($"expected {type.FullName} to have a static property Variants");
}
