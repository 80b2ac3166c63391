namespace KdKernels.Kernels.Device;

/// <summary>Numbers as the types that the kernels take them as.</summary>
internal static class KernelSizes
{
    /// <summary>Threads of a block.</summary>
    internal static Type Type(int threads) => threads switch
    {
        256 => typeof(N256),
        512 => typeof(N512),
        1024 => typeof(N1024),
        _ => throw new ArgumentOutOfRangeException(nameof(threads), threads, "expected 256, 512 or 1024 threads"),
    };

    /// <summary>Registers for <paramref name="count"/> values, a power of 2.</summary>
    internal static Type Slots(int count, Type slot) => count == 1
        ? typeof(One<>).MakeGenericType(slot)
        : typeof(Two<,>).MakeGenericType(Slots(count / 2, slot), slot);
}
