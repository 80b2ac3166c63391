using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Random;

/// <summary>Names the normals of one sample: everything but the element and the seed, which is in the round keys.</summary>
public struct NormalStream
{
    public uint Sample;
    public uint Step;
    public uint Purpose;
}

/// <summary>The standard normals of the four elements of a block.</summary>
public struct NormalBlock
{
    public float A;
    public float B;
    public float C;
    public float D;
}

/// <summary>
/// Standard normals, bit for bit those of KdKernels.Core's PhiloxNormals: the same integer operations, conversions, fused
/// multiply-adds and multiplications in the same order, none of which the assembler may contract, and square roots that are
/// rounded correctly as well.
/// </summary>
public static class PhiloxNormals
{
    private const float Scale = 1f / (1L << 32);

    /// <summary>The normals of elements 4·block to 4·block + 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static NormalBlock Block(in PhiloxKeys keys, in NormalStream stream, uint block)
    {
        PhiloxWords counter;
        counter.X = block;
        counter.Y = stream.Sample;
        counter.Z = stream.Step;
        counter.W = stream.Purpose;
        var words = Philox.Words(keys, counter);
        var first = NormalPair.Of(words.X, words.Y);
        var second = NormalPair.Of(words.Z, words.W);
        NormalBlock normals;
        normals.A = first.Even;
        normals.B = first.Odd;
        normals.C = second.Even;
        normals.D = second.Odd;
        return normals;
    }

    private struct NormalPair
    {
        public float Even;
        public float Odd;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static NormalPair Of(uint radiusWord, uint angleWord)
        {
            float radius = SquareRoot.Of(MinusTwoLog(radiusWord | 1u));

            // The nearest quarter turn is taken off in integers; what remains is y in (−1/8, 1/8) turns.
            uint shifted = (angleWord | 1u) + (1u << 29);
            float y = Ptx.Multiply((int)((shifted & ((1u << 30) - 1u)) - (1u << 29)), Scale);
            float square = Ptx.Multiply(y, y);
            float sin = Sin(y, square);
            float cos = Cos(square);

            // q = 0: (c, s); 1: (−s, c); 2: (−c, −s); 3: (s, −c), where q is the upper two bits of the shifted word.
            uint low = shifted << 1;
            bool isOdd = (int)low < 0;
            uint even = Interop.FloatAsInt(isOdd ? sin : cos) ^ ((shifted ^ low) & 0x80000000u);
            uint odd = Interop.FloatAsInt(isOdd ? cos : sin) ^ (shifted & 0x80000000u);
            NormalPair pair;
            pair.Even = Ptx.Multiply(radius, Interop.IntAsFloat(even));
            pair.Odd = Ptx.Multiply(radius, Interop.IntAsFloat(odd));
            return pair;
        }

        /// <summary>−2 ln(word·2^-32) for odd words; near u = 1 the fraction comes from the word, whose digits u has lost.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static float MinusTwoLog(uint word)
        {
            float signed = (int)word;
            float u = Ptx.MultiplyAdd(signed, Scale, (int)word < 0 ? 1f : 0f);
            uint fromSqrtHalf = Logarithm.FromSqrtHalf(u);
            int exponent = Logarithm.Exponent(fromSqrtHalf);
            float f = exponent < 0 ? Logarithm.Mantissa(fromSqrtHalf) - 1f : Ptx.Multiply(signed, Scale);
            return Logarithm.MinusTwoLog(f, exponent);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static float Sin(float y, float square)
        {
            float s = -75.39356282213028f;
            s = Ptx.MultiplyAdd(s, square, 81.59235355488332f);
            s = Ptx.MultiplyAdd(s, square, -41.3416614549239f);
            s = Ptx.MultiplyAdd(s, square, 6.283185286833363f);
            return Ptx.Multiply(s, y);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static float Cos(float square)
        {
            float c = 59.22924404914848f;
            c = Ptx.MultiplyAdd(c, square, -85.4432362930154f);
            c = Ptx.MultiplyAdd(c, square, 64.93932184713894f);
            c = Ptx.MultiplyAdd(c, square, -19.739208681562634f);
            return Ptx.MultiplyAdd(c, square, 1f);
        }
    }
}
