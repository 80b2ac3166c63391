using System.Runtime.CompilerServices;

namespace KdKernels.PtxEmulator.Execution;

/// <summary>Access to the value of one lane; values narrower than 4 bytes lie in the low bytes of 4.</summary>
internal static unsafe class Lane<T>
    where T : unmanaged
{
    public static int Stride
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sizeof(T) == 8 ? 8 : 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T At(byte* register, int lane) => ref *(T*)(register + (lane * Stride));
}
