using System.Collections.Concurrent;
using KdKernels.PtxEmulator;

namespace KdKernels.PtxVerify.Driver;

/// <summary>Parsed PTX: a kernel of thousands of lines runs in many cases.</summary>
internal static class ModuleCache
{
    private static readonly ConcurrentDictionary<string, PtxModule> Modules = new(StringComparer.Ordinal);

    public static PtxModule Parse(string ptx) => Modules.GetOrAdd(ptx, PtxModule.Parse);
}
