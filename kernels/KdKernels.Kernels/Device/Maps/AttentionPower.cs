using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>|f|^p for a p that the compiler sees through a type.</summary>
public interface IAttentionPower
{
    /// <summary>|f|^p. The square of a float is exact in double.</summary>
    double Term(double f);

    /// <summary>|f|^p of an element of 16 bits, whose square is exact in float.</summary>
    float Term(float f);

    /// <summary>|f|^(p−1) sgn(f) g: the derivative without its factor p.</summary>
    float Slope(float f, float g);

    /// <inheritdoc cref="Slope(float, float)"/>
    double Slope(double f, double g);
}

/// <summary>p = 1.</summary>
public readonly struct Power1 : IAttentionPower
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Term(double f) => IntrinsicMath.Abs(f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Term(float f) => IntrinsicMath.Abs(f);

    // A NaN map has NaN slopes everywhere, which the multiplication passes on where f is 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Slope(float f, float g) => f > 0f ? g : f < 0f ? -g : f * g;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Slope(double f, double g) => f > 0.0 ? g : f < 0.0 ? -g : f * g;
}

/// <summary>p = 2.</summary>
public readonly struct Power2 : IAttentionPower
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Term(double f) => f * f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Term(float f) => f * f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Slope(float f, float g) => f * g;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Slope(double f, double g) => f * g;
}

/// <summary>p = 4.</summary>
public readonly struct Power4 : IAttentionPower
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Term(double f)
    {
        double square = f * f;
        return square * square;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Term(float f)
    {
        float square = f * f;
        return square * square;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Slope(float f, float g) => f * f * (f * g);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double Slope(double f, double g) => f * f * (f * g);
}
