using System.Runtime.CompilerServices;

namespace KdKernels.Core;

/// <summary>Names the normals of one sample: everything but the element.</summary>
internal readonly unsafe struct NormalStream(uint* keys, uint purpose, uint step, uint sample)
{
    public readonly uint* Keys = keys;
    public readonly uint Purpose = purpose;
    public readonly uint Step = step;
    public readonly uint Sample = sample;
}

/// <summary><see cref="PhiloxNormals"/> for any vector width: the definition of its bits.</summary>
internal static unsafe class NormalKernels<TBits>
    where TBits : unmanaged, IBits<TBits>
{
    private const int PerBlock = 4;

    private static int PerGroup => PerBlock * TBits.Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Fill(in NormalStream stream, long first, float* target, long count)
    {
        float* group = stackalloc float[PerGroup];
        while (count > 0)
        {
            uint block = (uint)(first / PerBlock);
            int skipped = (int)(first % PerBlock);
            long taken = Math.Min(count, PerGroup - skipped);
            if (taken == PerGroup)
            {
                Group(stream, block, target);
            }
            else
            {
                Group(stream, block, group);
                new ReadOnlySpan<float>(group + skipped, (int)taken).CopyTo(new Span<float>(target, (int)taken));
            }

            first += taken;
            target += taken;
            count -= taken;
        }
    }

    /// <summary>The normals of as many blocks as there are lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Group(in NormalStream stream, uint block, float* target)
    {
        TBits.Philox(
            stream.Keys,
            new PhiloxBlock(block, stream.Sample, stream.Step, stream.Purpose),
            out TBits w0,
            out TBits w1,
            out TBits w2,
            out TBits w3);
        Pair(w0, w1, out TBits n0, out TBits n1);
        Pair(w2, w3, out TBits n2, out TBits n3);
        TBits.StoreBlocks(target, n0, n1, n2, n3);
    }

    /// <summary>The two normals of two words: for tests of words that are rarely drawn.</summary>
    internal static (float Even, float Odd) PairOf(uint radiusWord, uint angleWord)
    {
        Pair(TBits.Integers(radiusWord), TBits.Integers(angleWord), out TBits even, out TBits odd);
        float* group = stackalloc float[PerGroup];
        TBits.StoreBlocks(group, even, odd, even, odd);
        return (group[0], group[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pair(TBits radiusWord, TBits angleWord, out TBits even, out TBits odd)
    {
        TBits radius = TBits.Sqrt(MinusTwoLog(radiusWord | TBits.Integers(1)));
        CosSin(angleWord | TBits.Integers(1), out TBits cos, out TBits sin);
        even = TBits.Multiply(radius, cos);
        odd = TBits.Multiply(radius, sin);
    }

    /// <summary>−2 ln(word·2^-32) for odd words.</summary>
    /// <remarks>
    /// u = (1 + f)·2^e with 1 + f in [√½, √2). As a signed number the word is 2^32·(u − 1) where u ≥ ½; so for e = 0
    /// the fraction f is known to 24 bits of its own, however close u is to 1. The polynomial is a minimax fit of −2
    /// (ln(1 + f) − f)/f², with relative error 3e-8 of ln(1 + f).
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBits MinusTwoLog(TBits word)
    {
        const int sqrtHalf = 0x3f3504f3;
        TBits signed = TBits.ToSingle(word);
        TBits aboveHalf = TBits.ShiftRightArithmetic(word, 31);
        TBits scale = TBits.Singles(1f / (1L << 32));
        TBits u = TBits.Fma(signed, scale, aboveHalf & TBits.Singles(1));
        TBits fromSqrtHalf = u - TBits.Integers(sqrtHalf);
        TBits exponent = TBits.ShiftRightArithmetic(fromSqrtHalf, 23);
        TBits mantissa = (fromSqrtHalf & TBits.Integers(0x7fffff)) + TBits.Integers(sqrtHalf);
        TBits f = TBits.Select(
            TBits.ShiftRightArithmetic(exponent, 31),
            TBits.Fma(mantissa, TBits.Singles(1), TBits.Singles(-1)),
            TBits.Multiply(signed, scale));

        TBits p = TBits.Singles(-0.1746968985246589f);
        p = TBits.Fma(p, f, TBits.Singles(0.2861504512402468f));
        p = TBits.Fma(p, f, TBits.Singles(-0.29835946624636384f));
        p = TBits.Fma(p, f, TBits.Singles(0.331410160820641f));
        p = TBits.Fma(p, f, TBits.Singles(-0.3992414429887959f));
        p = TBits.Fma(p, f, TBits.Singles(0.5000351051888148f));
        p = TBits.Fma(p, f, TBits.Singles(-0.6666790044275814f));
        p = TBits.Fma(p, f, TBits.Singles(0.999999832127059f));
        TBits ofFraction = TBits.Fma(TBits.Multiply(f, f), p, TBits.Multiply(f, TBits.Singles(-2)));
        return TBits.Fma(TBits.ToSingle(exponent), TBits.Singles(-1.3862943611198906f), ofFraction);
    }

    /// <summary>Cosine and sine of 2π·word·2^-32 for odd words.</summary>
    /// <remarks>
    /// The nearest quarter turn q is taken off in integers, so nothing is lost; what remains is y in (−1/8, 1/8) turns.
    /// Minimax fits of sin(2πy)/y and (cos(2πy) − 1)/y² in y², with relative errors 4e-9 and 7e-11.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CosSin(TBits word, out TBits cos, out TBits sin)
    {
        const uint eighth = 1u << 29;
        TBits shifted = word + TBits.Integers(eighth);
        TBits rest = (shifted & TBits.Integers((1u << 30) - 1)) - TBits.Integers(eighth);
        TBits y = TBits.Multiply(TBits.ToSingle(rest), TBits.Singles(1f / (1L << 32)));
        TBits y2 = TBits.Multiply(y, y);

        TBits s = TBits.Singles(-75.39356282213028f);
        s = TBits.Fma(s, y2, TBits.Singles(81.59235355488332f));
        s = TBits.Fma(s, y2, TBits.Singles(-41.3416614549239f));
        s = TBits.Fma(s, y2, TBits.Singles(6.283185286833363f));
        s = TBits.Multiply(s, y);

        TBits c = TBits.Singles(59.22924404914848f);
        c = TBits.Fma(c, y2, TBits.Singles(-85.4432362930154f));
        c = TBits.Fma(c, y2, TBits.Singles(64.93932184713894f));
        c = TBits.Fma(c, y2, TBits.Singles(-19.739208681562634f));
        c = TBits.Fma(c, y2, TBits.Singles(1));

        // q = 0: (c, s); 1: (−s, c); 2: (−c, −s); 3: (s, −c). Its two bits are the upper ones of the shifted word.
        TBits sign = TBits.Integers(1u << 31), low = TBits.ShiftLeft(shifted, 1);
        TBits isOdd = TBits.ShiftRightArithmetic(low, 31);
        cos = TBits.Select(isOdd, s, c) ^ ((shifted ^ low) & sign);
        sin = TBits.Select(isOdd, c, s) ^ (shifted & sign);
    }
}
