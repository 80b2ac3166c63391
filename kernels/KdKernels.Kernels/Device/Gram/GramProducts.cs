using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>Four words of a row, prepared for products; what <see cref="Low"/> holds is up to the product.</summary>
public struct GramWords
{
    public U4 High;
    public U4 Low;
}

/// <summary>
/// How the words of two operands are multiplied. Lane q of a row has its words 4q to 4q + 3, of which the first two go into one
/// instruction and the others into another: both operands permute the inner index alike, which changes no sum.
/// </summary>
public interface IGramProduct
{
    /// <summary>
    /// Begins with the kernel's argument that is always 0. The rows' words come in fours of one row, and the instruction wants them
    /// in fours of two rows. An operation that the assembler cannot undo makes them where they are wanted, once; it would copy them
    /// before each use.
    /// </summary>
    void Begin(int zero);

    GramWords Prepare(U4 words);

    /// <summary>The same for words of a column, which come as the instruction wants them.</summary>
    GramWords PrepareColumn(U4 words);

    /// <summary>16 x 8 sums over 16 words of rows g and g + 8 of one operand, g of the other.</summary>
    MmaSums Multiply(in GramWords upper, in GramWords lower, in GramWords column);
}

/// <summary>
/// float32 from three products of tf32: x = high + low, where the instruction drops what is below 2^-20 of x. The product of the
/// two low parts, 2^-22 of the whole, is left out.
/// </summary>
public struct ThreeTf32 : IGramProduct
{
    private uint mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int zero) => mask = 0xffffe000u ^ (uint)zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly GramWords Prepare(U4 words)
    {
        GramWords result;
        result.High.X = words.X & mask;
        result.High.Y = words.Y & mask;
        result.High.Z = words.Z & mask;
        result.High.W = words.W & mask;
        result.Low.X = Rest(words.X, result.High.X);
        result.Low.Y = Rest(words.Y, result.High.Y);
        result.Low.Z = Rest(words.Z, result.High.Z);
        result.Low.W = Rest(words.W, result.High.W);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly GramWords PrepareColumn(U4 words) => Prepare(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly MmaSums Multiply(in GramWords upper, in GramWords lower, in GramWords column)
    {
        // The small terms first: added to a large sum they would lose digits one by one.
        var sums = First(upper.Low, lower.Low, column.High);
        sums = Second(upper.Low, lower.Low, column.High, sums);
        sums = ThenFirst(upper.High, lower.High, column.Low, sums);
        sums = Second(upper.High, lower.High, column.Low, sums);
        sums = ThenFirst(upper.High, lower.High, column.High, sums);
        return Second(upper.High, lower.High, column.High, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static MmaSums First(U4 upper, U4 lower, U4 column) =>
        Ptx.MultiplyTf32(upper.X, lower.X, upper.Y, lower.Y, column.X, column.Y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static MmaSums ThenFirst(U4 upper, U4 lower, U4 column, MmaSums sums) =>
        Ptx.MultiplyAddTf32(upper.X, lower.X, upper.Y, lower.Y, column.X, column.Y, sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static MmaSums Second(U4 upper, U4 lower, U4 column, MmaSums sums) =>
        Ptx.MultiplyAddTf32(upper.Z, lower.Z, upper.W, lower.W, column.Z, column.W, sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Rest(uint word, uint high) => Interop.FloatAsInt(Interop.IntAsFloat(word) - Interop.IntAsFloat(high));
}

/// <summary>float32 whose operands are rounded to tf32.</summary>
public readonly struct OneTf32 : IGramProduct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int zero)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GramWords Prepare(U4 words)
    {
        GramWords result = default;
        result.High.X = Interop.FloatAsInt(Round(Interop.IntAsFloat(words.X)));
        result.High.Y = Interop.FloatAsInt(Round(Interop.IntAsFloat(words.Y)));
        result.High.Z = Interop.FloatAsInt(Round(Interop.IntAsFloat(words.Z)));
        result.High.W = Interop.FloatAsInt(Round(Interop.IntAsFloat(words.W)));
        return result;
    }

    /// <summary>
    /// Half a unit of tf32 is added, and the instruction drops what is below a unit: to nearest, like cvt.rna, which takes three
    /// instructions and a copy. A NaN stays one.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Round(float value)
    {
        float power = Interop.IntAsFloat(Interop.FloatAsInt(value) & 0xff800000u);
        return value + (power * (1f / 2048f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GramWords PrepareColumn(U4 words) => Prepare(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MmaSums Multiply(in GramWords upper, in GramWords lower, in GramWords column) => ThreeTf32.Second(
        upper.High, lower.High, column.High, ThreeTf32.First(upper.High, lower.High, column.High));
}

/// <summary>
/// Rows of float32, rounded to tf32, times columns that are tf32 exactly: the weights of 16-bit features, to 2^-12 of each, and the
/// features.
/// </summary>
public readonly struct Tf32ByNarrow : IGramProduct
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int zero)
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GramWords Prepare(U4 words) => default(OneTf32).Prepare(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GramWords PrepareColumn(U4 words)
    {
        GramWords result = default;
        result.High = words;
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public MmaSums Multiply(in GramWords upper, in GramWords lower, in GramWords column) =>
        default(OneTf32).Multiply(upper, lower, column);
}

/// <summary>Words of two 16-bit floats, which the tensor cores take as they are.</summary>
public static class PackedWords
{
    /// <summary>Unchanged, which the assembler must not know: <paramref name="zeros"/> is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GramWords Of(U4 words, uint zeros)
    {
        GramWords result = default;
        result.High.X = words.X ^ zeros;
        result.High.Y = words.Y ^ zeros;
        result.High.Z = words.Z ^ zeros;
        result.High.W = words.W ^ zeros;
        return result;
    }

    /// <summary>Unchanged.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GramWords Of(U4 words)
    {
        GramWords result = default;
        result.High = words;
        return result;
    }
}

/// <summary>Two bfloat16 in a word.</summary>
public struct BFloatProduct : IGramProduct
{
    private uint zeros;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int zero) => zeros = (uint)zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly GramWords Prepare(U4 words) => PackedWords.Of(words, zeros);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly GramWords PrepareColumn(U4 words) => PackedWords.Of(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly MmaSums Multiply(in GramWords upper, in GramWords lower, in GramWords column)
    {
        (U4 a, U4 b, U4 c) = (upper.High, lower.High, column.High);
        return Ptx.MultiplyAddBFloat(a.Z, b.Z, a.W, b.W, c.Z, c.W, Ptx.MultiplyBFloat(a.X, b.X, a.Y, b.Y, c.X, c.Y));
    }
}

/// <summary>Two float16 in a word.</summary>
public struct HalfProduct : IGramProduct
{
    private uint zeros;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(int zero) => zeros = (uint)zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly GramWords Prepare(U4 words) => PackedWords.Of(words, zeros);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly GramWords PrepareColumn(U4 words) => PackedWords.Of(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly MmaSums Multiply(in GramWords upper, in GramWords lower, in GramWords column)
    {
        (U4 a, U4 b, U4 c) = (upper.High, lower.High, column.High);
        return Ptx.MultiplyAddHalf(a.Z, b.Z, a.W, b.W, c.Z, c.W, Ptx.MultiplyHalf(a.X, b.X, a.Y, b.Y, c.X, c.Y));
    }
}
