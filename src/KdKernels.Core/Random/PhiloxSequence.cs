using System.Runtime.InteropServices;

namespace KdKernels.Core;

/// <summary>
/// Reads <see cref="Philox4x32"/> as a sequence. A stream is named by (seed, purpose, major, minor), for example (seed,
/// "crop", epoch, sample): two names that differ anywhere never share a word, and constructing a stream costs nothing.
/// The seed is the key; the counter is (block number, minor, major, purpose).
/// </summary>
/// <remarks>A mutable struct: pass it by reference, or a copy repeats the same words.</remarks>
[StructLayout(LayoutKind.Auto)]
public struct PhiloxSequence
{
    private readonly ulong _seed;
    private readonly uint _purpose;
    private readonly uint _major;
    private readonly uint _minor;
    private uint _block;
    private int _used;
    private PhiloxBlock _words;

    /// <param name="seed">The key: what a user calls the seed.</param>
    /// <param name="purpose">What the numbers are for; keeps, say, crops and permutations of one seed apart.</param>
    /// <param name="major">The outer index, such as an epoch.</param>
    /// <param name="minor">The inner index, such as a sample.</param>
    public PhiloxSequence(ulong seed, uint purpose, uint major = 0, uint minor = 0)
    {
        _seed = seed;
        _purpose = purpose;
        _major = major;
        _minor = minor;
        _used = 4;
    }

    /// <summary>32 random bits.</summary>
    /// <exception cref="InvalidOperationException">All 2^34 words of the stream were read.</exception>
    public uint NextUInt32()
    {
        if (_used == 4)
        {
            if (_block == uint.MaxValue)
            {
                throw new InvalidOperationException(
                    "expected at most 2^34 words from one Philox stream but all were read");
            }

            _words = Philox4x32.Block(_seed, new PhiloxBlock(_block++, _minor, _major, _purpose));
            _used = 0;
        }

        return _used++ switch
        {
            0 => _words.X0,
            1 => _words.X1,
            2 => _words.X2,
            _ => _words.X3,
        };
    }

    /// <summary>64 random bits; the first word is the high half.</summary>
    public ulong NextUInt64()
    {
        ulong high = NextUInt32();
        return (high << 32) | NextUInt32();
    }

    /// <summary>A float32 in <c>[0, 1)</c> from one word.</summary>
    public float NextSingle() => Philox4x32.ToSingle(NextUInt32());

    /// <summary>A float32 in <c>(0, 1]</c> from one word.</summary>
    public float NextSingleAboveZero() => Philox4x32.ToSingleAboveZero(NextUInt32());

    /// <summary>A float64 in <c>[0, 1)</c> from two words.</summary>
    public double NextDouble()
    {
        uint high = NextUInt32();
        return Philox4x32.ToDouble(high, NextUInt32());
    }

    /// <summary>A float64 in <c>(0, 1]</c> from two words.</summary>
    public double NextDoubleAboveZero()
    {
        uint high = NextUInt32();
        return Philox4x32.ToDoubleAboveZero(high, NextUInt32());
    }

    /// <summary>
    /// An integer in <c>[0, bound)</c>, every value equally likely: multiply-shift with rejection of the words that
    /// would favour some values (Lemire 2019), so the number of words consumed is at least one.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bound"/> is not positive.</exception>
    public int NextInt32(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        ulong product = (ulong)NextUInt32() * (uint)bound;
        if ((uint)product < (uint)bound)
        {
            // 2^32 mod bound: that many low products belong to no full set of values.
            uint threshold = unchecked(0u - (uint)bound) % (uint)bound;
            while ((uint)product < threshold)
                product = (ulong)NextUInt32() * (uint)bound;
        }

        return (int)(product >> 32);
    }

    /// <summary>
    /// Shuffles in place (Fisher-Yates from the end), every order equally likely as far as the seed's bits go.
    /// </summary>
    public void Shuffle(Span<int> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int j = NextInt32(i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }
}
