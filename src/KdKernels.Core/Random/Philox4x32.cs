using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>
/// Four 32-bit words: a counter that goes into <see cref="Philox4x32"/>, or the random block that comes out.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct PhiloxBlock(uint X0, uint X1, uint X2, uint X3);

/// <summary>
/// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011,
/// section 3): a pure function of key and counter, so that any element of any stream is computed without the ones
/// before it, in any order, on any thread, and with the same bits on CPU and GPU.
/// </summary>
public static class Philox4x32
{
    /// <summary>Two key words per round.</summary>
    internal const int RoundKeyCount = 2 * Rounds;

    // Multipliers and Weyl increments from section 4 of the paper (the golden ratio and sqrt(3) - 1, in 32 bits).
    internal const uint Multiplier0 = 0xD2511F53;
    internal const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;
    private const int Rounds = 10;

    /// <summary>
    /// The random block at <paramref name="counter"/> under a 64-bit <paramref name="key"/> (low word first).
    /// </summary>
    public static unsafe PhiloxBlock Block(ulong key, PhiloxBlock counter)
    {
        uint* keys = stackalloc uint[RoundKeyCount];
        WriteRoundKeys(key, keys);
        return Block(keys, counter);
    }

    /// <summary>The keys of all rounds, for many blocks under one key.</summary>
    internal static unsafe void WriteRoundKeys(ulong key, uint* keys)
    {
        uint key0 = (uint)key;
        uint key1 = (uint)(key >> 32);
        for (int i = 0; i < RoundKeyCount; i += 2)
        {
            keys[i] = key0;
            keys[i + 1] = key1;
            key0 += Weyl0;
            key1 += Weyl1;
        }
    }

    internal static unsafe PhiloxBlock Block(uint* keys, PhiloxBlock counter)
    {
        (uint c0, uint c1, uint c2, uint c3) = counter;
        for (int i = 0; i < RoundKeyCount; i += 2)
        {
            ulong product0 = (ulong)Multiplier0 * c0;
            ulong product1 = (ulong)Multiplier1 * c2;
            c0 = (uint)(product1 >> 32) ^ c1 ^ keys[i];
            c1 = (uint)product1;
            c2 = (uint)(product0 >> 32) ^ c3 ^ keys[i + 1];
            c3 = (uint)product0;
        }

        return new PhiloxBlock(c0, c1, c2, c3);
    }

    /// <summary>A float32 in <c>[0, 1)</c>: the upper 24 bits times 2^-24, exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(uint word) => (word >> 8) * (1.0f / (1 << 24));

    /// <summary>A float32 in <c>(0, 1]</c>, for logarithms: the upper 24 bits plus one, times 2^-24, exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingleAboveZero(uint word) => ((word >> 8) + 1) * (1.0f / (1 << 24));

    /// <summary>A float64 in <c>[0, 1)</c>: the upper 53 of 64 bits times 2^-53, exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double ToDouble(uint high, uint low) =>
        ((((ulong)high << 32) | low) >> 11) * (1.0 / (1UL << 53));

    /// <summary>A float64 in <c>(0, 1]</c>: the upper 53 of 64 bits plus one, times 2^-53, exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double ToDoubleAboveZero(uint high, uint low) =>
        (((((ulong)high << 32) | low) >> 11) + 1) * (1.0 / (1UL << 53));
}
