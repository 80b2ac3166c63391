using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device.Random;

/// <summary>Four random words, or the counter that they come from.</summary>
public struct PhiloxWords
{
    public uint X;
    public uint Y;
    public uint Z;
    public uint W;
}

/// <summary>
/// The keys of all rounds of one seed, made on the CPU: as kernel arguments they are operands in constant memory, while making
/// them here takes as many instructions as half of the generator.
/// </summary>
public struct PhiloxKeys
{
    public uint Low0;
    public uint High0;
    public uint Low1;
    public uint High1;
    public uint Low2;
    public uint High2;
    public uint Low3;
    public uint High3;
    public uint Low4;
    public uint High4;
    public uint Low5;
    public uint High5;
    public uint Low6;
    public uint High6;
    public uint Low7;
    public uint High7;
    public uint Low8;
    public uint High8;
    public uint Low9;
    public uint High9;
}

/// <summary>Philox4x32-10, word for word what KdKernels.Core computes on the CPU.</summary>
public static class Philox
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    /// <summary>The random words at a counter under a key of two words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxWords Words(uint key0, uint key1, PhiloxWords counter)
    {
        counter = Round(key0, key1, counter);
        counter = Round(key0 + Weyl0, key1 + Weyl1, counter);
        counter = Round(key0 + unchecked(Weyl0 * 2), key1 + unchecked(Weyl1 * 2), counter);
        counter = Round(key0 + unchecked(Weyl0 * 3), key1 + unchecked(Weyl1 * 3), counter);
        counter = Round(key0 + unchecked(Weyl0 * 4), key1 + unchecked(Weyl1 * 4), counter);
        counter = Round(key0 + unchecked(Weyl0 * 5), key1 + unchecked(Weyl1 * 5), counter);
        counter = Round(key0 + unchecked(Weyl0 * 6), key1 + unchecked(Weyl1 * 6), counter);
        counter = Round(key0 + unchecked(Weyl0 * 7), key1 + unchecked(Weyl1 * 7), counter);
        counter = Round(key0 + unchecked(Weyl0 * 8), key1 + unchecked(Weyl1 * 8), counter);
        return Round(key0 + unchecked(Weyl0 * 9), key1 + unchecked(Weyl1 * 9), counter);
    }

    /// <summary>The random words at a counter under the keys of all rounds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PhiloxWords Words(in PhiloxKeys keys, PhiloxWords counter)
    {
        counter = Round(keys.Low0, keys.High0, counter);
        counter = Round(keys.Low1, keys.High1, counter);
        counter = Round(keys.Low2, keys.High2, counter);
        counter = Round(keys.Low3, keys.High3, counter);
        counter = Round(keys.Low4, keys.High4, counter);
        counter = Round(keys.Low5, keys.High5, counter);
        counter = Round(keys.Low6, keys.High6, counter);
        counter = Round(keys.Low7, keys.High7, counter);
        counter = Round(keys.Low8, keys.High8, counter);
        return Round(keys.Low9, keys.High9, counter);
    }

    /// <summary>A float32 in [0, 1): the upper 24 bits times 2^-24, exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingle(uint word) => (int)(word >> 8) * (1f / (1 << 24));

    /// <summary>A float32 in (0, 1]: the upper 24 bits plus one, times 2^-24, exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToSingleAboveZero(uint word) => ((int)(word >> 8) + 1) * (1f / (1 << 24));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PhiloxWords Round(uint key0, uint key1, PhiloxWords c)
    {
        ulong product0 = Ptx.MultiplyWide(Multiplier0, c.X);
        ulong product1 = Ptx.MultiplyWide(Multiplier1, c.Z);
        PhiloxWords result;
        result.X = (uint)(product1 >> 32) ^ c.Y ^ key0;
        result.Y = (uint)product1;
        result.Z = (uint)(product0 >> 32) ^ c.W ^ key1;
        result.W = (uint)product0;
        return result;
    }
}
