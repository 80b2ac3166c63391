namespace KdKernels.Core;

/// <summary>Which variant of an op's kernel computes a call.</summary>
internal static class KernelChoice
{
    /// <summary>Rows of fewer classes are not split: one block reads them about as fast.</summary>
    public const long LeastSplitClasses = 65536;

    /// <exception cref="NotSupportedException">No variant can do it on this device.</exception>
    public static CudaKernel Choose(CudaDevice device, string stem, KdElementType type, in KernelDemand demand)
    {
        CudaKernel[] kernels = device.Kernels(stem, type);
        return Best(kernels, demand, device.Multiprocessors) ?? throw None(device, stem, type, demand);
    }

    /// <summary>
    /// The kernel of a kind for the shortest rows (or whatever its length counts) that are long enough; among equals the
    /// manifest's first.
    /// </summary>
    /// <exception cref="NotSupportedException">There is none on this device.</exception>
    public static CudaKernel Find(CudaDevice device, string stem, KdElementType type, string kind, long length = 0) =>
        Smallest(device.Kernels(stem, type), length, kind)
        ?? throw new NotSupportedException(
            $"expected a kernel {stem}/{kind} for {type} and length {length} that runs on {device.Name} of compute "
            + $"capability {device.Capability / 10}.{device.Capability % 10} but there is none");

    private static CudaKernel? Best(CudaKernel[] kernels, in KernelDemand demand, int multiprocessors)
    {
        RowGeometry geometry = demand.Geometry;
        CudaKernel? found = null;
        if (!demand.NeedsGeneral && geometry.IsRowMajor)
        {
            bool leavesMostIdle = 2 * geometry.Rows < multiprocessors;
            if (leavesMostIdle && geometry.Classes >= LeastSplitClasses && !demand.WantsGradient)
                found = Smallest(kernels, geometry.Classes, KernelKind.Split);
            found ??= Smallest(kernels, geometry.Classes, KernelKind.Warp, KernelKind.Block)
                ?? Smallest(kernels, geometry.Classes, KernelKind.Stream);
        }

        if (!demand.NeedsGeneral && geometry.IsPixelMajor)
            found ??= Smallest(kernels, geometry.Classes, KernelKind.Pixels);
        return found ?? Smallest(kernels, geometry.Classes, KernelKind.General);
    }

    /// <summary>The kernel for the shortest rows that are long enough; among equals the manifest's first.</summary>
    private static CudaKernel? Smallest(CudaKernel[] kernels, long classes, params ReadOnlySpan<string> kinds)
    {
        CudaKernel? best = null;
        foreach (CudaKernel kernel in kernels)
        {
            if (!kinds.Contains(kernel.Info.Kind) || Longest(kernel) < classes) continue;
            if (best is null || Longest(kernel) < Longest(best)) best = kernel;
        }

        return best;
    }

    private static long Longest(CudaKernel kernel) =>
        kernel.Info.MaxClasses > 0 ? kernel.Info.MaxClasses : long.MaxValue;

    private static NotSupportedException None(
        CudaDevice device, string stem, KdElementType type, in KernelDemand demand)
    {
        string[] targets =
        [
            .. device.Runtime.Kernels.Kernels(stem)
                .Where(kernel => kernel.ElementType == type)
                .Select(kernel => kernel.Target)
                .Distinct(StringComparer.Ordinal),
        ];
        string there = targets.Length == 0
            ? "there are none at all"
            : $"those there are for {string.Join(", ", targets)}";
        return new NotSupportedException(
            $"expected a kernel of {stem} for {type} logits with {demand.Geometry.Classes} classes that runs on "
            + $"{device.Name} of compute capability {device.Capability / 10}.{device.Capability % 10} but {there}");
    }
}
