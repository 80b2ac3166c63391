namespace ILGPU;

/// <summary>Memory that a block shares.</summary>
public static class SharedMemory
{
    public static ref T Allocate<T>()
        where T : unmanaged => throw Signature.Only(nameof(SharedMemory));

    public static ArrayView<T> Allocate<T>(int extent)
        where T : unmanaged => throw Signature.Only(nameof(SharedMemory));

    public static ArrayView<T> GetDynamic<T>()
        where T : unmanaged => throw Signature.Only(nameof(SharedMemory));
}

/// <summary>Memory of one thread.</summary>
public static class LocalMemory
{
    public static ArrayView<T> Allocate<T>(int extent)
        where T : unmanaged => throw Signature.Only(nameof(LocalMemory));
}

/// <summary>Order of memory accesses, as others see it.</summary>
public static class MemoryFence
{
    public static void GroupLevel() => throw Signature.Only(nameof(MemoryFence));

    public static void DeviceLevel() => throw Signature.Only(nameof(MemoryFence));
}

/// <summary>Indivisible changes of memory; each returns what was there before.</summary>
public static class Atomic
{
    public static int Add(ref int target, int value) => throw Signature.Only(nameof(Atomic));

    public static long Add(ref long target, long value) => throw Signature.Only(nameof(Atomic));

    public static uint Add(ref uint target, uint value) => throw Signature.Only(nameof(Atomic));

    public static ulong Add(ref ulong target, ulong value) => throw Signature.Only(nameof(Atomic));

    public static int Exchange(ref int target, int value) => throw Signature.Only(nameof(Atomic));

    public static uint Exchange(ref uint target, uint value) => throw Signature.Only(nameof(Atomic));
}
