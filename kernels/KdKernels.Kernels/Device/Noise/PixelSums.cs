using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>
/// Σ ln σ of many σ as the logarithm of their product: mantissas are multiplied, exponents added, so that a unit takes no
/// logarithm. The same for the background, by the bytes of a mask.
/// </summary>
public struct PixelSums
{
    // Of a positive normal number, less the bits of the smallest one: below this.
    private const uint NotOrdinary = 0x7f000000;

    /// <summary>Exponent bits of 1, counted as below.</summary>
    private const int Bias = 126;

    public float Product;
    public int Exponents;
    public float BackgroundProduct;
    public int BackgroundExponents;
    public int BackgroundCount;

    /// <summary>Logarithms that were taken one by one.</summary>
    public float Others;
    public float BackgroundOthers;

    /// <summary>The largest of what <see cref="NotOrdinary"/> bounds, since the last <see cref="Fold"/>.</summary>
    public uint Worst;

    /// <summary>Masks of the vector that is visited: a byte per unit, 0 on the background.</summary>
    public uint LowMask;
    public uint HighMask;

    public static PixelSums Empty
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            PixelSums sums = default;
            sums.Product = 1f;
            sums.BackgroundProduct = 1f;
            return sums;
        }
    }

    /// <summary>Whether a unit since the last <see cref="Fold"/> was no positive normal number.</summary>
    public readonly bool NeedsCare => Worst >= NotOrdinary;

    /// <summary>Whether a unit of the vector is background.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsBackground(int index) =>
        (((index < 4 ? LowMask : HighMask) >> (8 * (index & 3))) & 0xffu) == 0u;

    /// <summary>Takes a positive normal σ, as one of all.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float sigma)
    {
        uint bits = Interop.FloatAsInt(sigma);
        uint aboveSmallest = bits - 0x00800000u;
        Worst = IntrinsicMath.Max(Worst, aboveSmallest);
        Product *= Mantissa(sigma);
        Exponents += (int)(aboveSmallest >> 23) - Bias;
    }

    /// <summary>Takes it once more, as background if it is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddBackground(float sigma, bool isBackground)
    {
        int exponent = (int)((Interop.FloatAsInt(sigma) - 0x00800000u) >> 23) - Bias;
        BackgroundProduct *= isBackground ? Mantissa(sigma) : 1f;
        BackgroundExponents += isBackground ? exponent : 0;
        BackgroundCount += isBackground ? 1 : 0;
    }

    /// <summary>Takes any σ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(float sigma, bool isBackground)
    {
        float log = Logarithm.Of(sigma);
        Others += log;
        BackgroundOthers += isBackground ? log : 0f;
        BackgroundCount += isBackground ? 1 : 0;
    }

    /// <summary>Moves the exponents of the products to the others, in time: up to 96 mantissas have a product that is finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fold()
    {
        Exponents += (int)(Interop.FloatAsInt(Product) >> 23) - 127;
        Product = Mantissa(Product);
        BackgroundExponents += (int)(Interop.FloatAsInt(BackgroundProduct) >> 23) - 127;
        BackgroundProduct = Mantissa(BackgroundProduct);
        Worst = 0u;
    }

    /// <summary>What the products and the others come to, without the exponents.</summary>
    public readonly float Logs => Logarithm.OfNormal(Product) + Others;

    /// <inheritdoc cref="Logs"/>
    public readonly float BackgroundLogs => Logarithm.OfNormal(BackgroundProduct) + BackgroundOthers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Mantissa(float product) =>
        Interop.IntAsFloat((Interop.FloatAsInt(product) & 0x7fffffu) | 0x3f800000u);
}

/// <summary>Adds all units, each positive and normal.</summary>
public struct AddAll : IPairVisitor
{
    public PixelSums Sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index) => Sums.Add(first);
}

/// <summary>Adds all units and the background, each positive and normal.</summary>
public struct AddBoth : IPairVisitor
{
    public PixelSums Sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        Sums.Add(first);
        Sums.AddBackground(first, Sums.IsBackground(index));
    }
}

/// <summary>Takes every unit whatever its σ is.</summary>
public struct TakeAny : IPairVisitor
{
    public PixelSums Sums;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index) => Sums.Take(first, Sums.IsBackground(index));
}
