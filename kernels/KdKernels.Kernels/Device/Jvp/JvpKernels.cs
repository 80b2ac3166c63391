using ILGPU;
using KdKernels.Kernels.Device.Quads;

namespace KdKernels.Kernels.Device.Jvp;

/// <summary>What a group does with a unit of work.</summary>
public interface IJvpBody<T, TGroup>
    where T : unmanaged
    where TGroup : struct, IQuadGroup
{
    void Run(in JvpArguments<T> a, ref TGroup group, long number);
}

/// <summary>The kernels of SoftmaxJvp.</summary>
public static class JvpKernels
{
    /// <summary>Unit after unit, each by a warp or by a block of 256 threads.</summary>
    public static void Units<T, TGroup, TBody>(JvpArguments<T> a)
        where T : unmanaged
        where TGroup : struct, IQuadGroup
        where TBody : struct, IJvpBody<T, TGroup>
    {
        TGroup group = default;
        group.Begin(SharedMemory.Allocate<float>(QuadGroups.SharedFloats));
        long units = a.Combine != 0 ? a.Rows : a.Rows * a.Chunks;
        for (long unit = group.First; unit < units; unit += group.Step) default(TBody).Run(a, ref group, unit);
    }
}
