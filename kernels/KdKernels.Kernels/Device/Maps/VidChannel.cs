using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>What belongs to a channel alone: its variance softplus(ρ) + ε and what follows from it, to a few 2^-24.</summary>
public struct VidChannel
{
    // ln 2 in two parts, the first with enough zeros at its end that its multiples are exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>v.</summary>
    public float Variance;

    /// <summary>The logistic function of ρ, dv/dρ.</summary>
    public float Sigmoid;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VidChannel Of(float rho, float epsilon)
    {
        VidChannel channel;
        float e = ExpOfMinus(IntrinsicMath.Abs(rho));
        // Neither overflows for a large ρ nor loses a small e^ρ.
        channel.Variance = (rho > 0f ? rho : 0f) + Log1P(e) + epsilon;
        float inverse = 1f / (1f + e);
        channel.Sigmoid = rho >= 0f ? inverse : e * inverse;
        return channel;
    }

    /// <summary>Channel <paramref name="index"/> of a call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VidChannel Load<T, TElement>(in VidArguments<T> a, TElement element, int index)
        where T : unmanaged
        where TElement : struct, IElement<T> => Of(element.Load(ref a.Rho[index * a.RhoStride]), a.Epsilon);

    /// <summary>½ log v, and the constant where it is wanted: the part of an element without features.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Constant(int withConstant)
    {
        const float halfLog2Pi = 0.9189385332046727f;
        return (0.5f * Numbers.Log(Variance)) + (withConstant != 0 ? halfLog2Pi : 0f);
    }

    /// <summary>e^(−x) for x of 0 or more: what is left of x after multiples of ln 2 is small, and so is its error.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float ExpOfMinus(float x)
    {
        float bounded = x < 126f * Numbers.Ln2 ? x : 126f * Numbers.Ln2;
        int n = (int)((bounded * Numbers.Log2E) + 0.5f);
        float rest = (bounded - (n * Ln2High)) - (n * Ln2Low);
        float power = Interop.IntAsFloat((uint)(127 - n) << 23);
        float e = power * Ptx.Exp2(-rest * Numbers.Log2E);
        e = x <= bounded ? e : 0f;
        return x >= 0f ? e : x;
    }

    /// <summary>log(1 + e) for e in [0, 1], by 2 artanh y with y = e/(2 + e): y is at most 1/3, and what is left out below 2e-9.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Log1P(float e)
    {
        float y = e / (2f + e);
        float s = y * y;
        float series = (1f / 15f) + (s * (1f / 17f));
        series = (1f / 13f) + (s * series);
        series = (1f / 11f) + (s * series);
        series = (1f / 9f) + (s * series);
        series = (1f / 7f) + (s * series);
        series = (1f / 5f) + (s * series);
        series = (1f / 3f) + (s * series);
        return 2f * y * (1f + (s * series));
    }
}
