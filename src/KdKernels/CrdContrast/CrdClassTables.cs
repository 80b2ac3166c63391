using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// What GPUs draw negatives of other classes from: copied to a device when negatives are first drawn there, and kept as long as the
/// <see cref="CrdNegatives"/> they belong to.
/// </summary>
internal static class CrdClassTables
{
    private static readonly ConditionalWeakTable<CrdNegatives, ConcurrentDictionary<int, Tensor>> Tables = [];

    /// <summary>The table on a CUDA device; null on the CPU, and where classes do not count.</summary>
    internal static RowsView? Of(CrdNegatives negatives, Device device)
    {
        if (device.type != DeviceType.CUDA || !negatives.RejectsClass) return null;
        var table = Tables.GetOrCreateValue(negatives).GetOrAdd(device.index, _ => Copy(negatives, device));
        return TensorMemory.Vector(table);
    }

    private static Tensor Copy(CrdNegatives negatives, Device device)
    {
        using var scope = NewDisposeScope();
        var table = new long[negatives.ClassesLength];
        negatives.WriteClasses(table);
        return tensor(table).to(device).DetachFromDisposeScope();
    }
}
