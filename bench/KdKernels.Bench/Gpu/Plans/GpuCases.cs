using System.Reflection;

namespace KdKernels.Bench.Gpu.Plans;

/// <summary>The measured cases of one op. Every class that derives from it is found by reflection.</summary>
internal abstract class GpuCases
{
    public abstract string Op { get; }

    /// <summary>The most telling first: a run that is short of time drops the last ones.</summary>
    public abstract IEnumerable<GpuCase> All();

    /// <summary>
    /// The cases of all ops, or of one: first the most telling of each op, then the second ones, and so on.
    /// </summary>
    public static IReadOnlyList<GpuCase> Of(string? op = null)
    {
        GpuCase[][] ops =
        [
            .. Assembly.GetExecutingAssembly().GetTypes()
                .Where(type => type.IsSubclassOf(typeof(GpuCases)) && !type.IsAbstract)
                .Select(type => (GpuCases)Activator.CreateInstance(type)!)
                .Where(cases => op is null || cases.Op == op)
                .OrderBy(cases => cases.Op, StringComparer.Ordinal)
                .Select(cases => cases.All().ToArray()),
        ];
        return
        [
            .. ops.SelectMany(cases => cases.Select((one, place) => (one, place)))
                .OrderBy(entry => entry.place)
                .Select(entry => entry.one),
        ];
    }
}
