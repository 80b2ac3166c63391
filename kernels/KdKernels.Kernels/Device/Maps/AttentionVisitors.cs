using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>
/// Adds the powers of two vectors of the same pixels to the pixels' sums. float32 is summed in double, where a square is exact: maps
/// that nearly agree keep their difference. Of 16 bits two squares are added in float first.
/// </summary>
public struct PlaneTerms<TPower> : IPairVisitor
    where TPower : struct, IAttentionPower
{
    public VectorSums Sums;

    /// <summary>Whether elements have more digits than float32 has for their squares.</summary>
    public bool Exact;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        TPower power = default;
        if (Exact)
        {
            Sums.Add(index, power.Term((double)first));
            Sums.Add(index, power.Term((double)second));
        }
        else
        {
            Sums.Add(index, power.Term(first) + power.Term(second));
        }
    }
}

/// <summary>The same for vectors of one pixel's channels.</summary>
public struct PixelTerms<TPower> : IPairVisitor
    where TPower : struct, IAttentionPower
{
    public double Even;
    public double Odd;
    public bool Exact;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        TPower power = default;
        if (Exact)
        {
            Even += power.Term((double)first);
            Odd += power.Term((double)second);
        }
        else
        {
            Even += power.Term(first) + power.Term(second);
        }
    }
}

/// <summary>The gradient of a vector whose elements are of neighbouring pixels.</summary>
public struct PlaneSlopes<TPower> : IPairMap
    where TPower : struct, IAttentionPower
{
    public VectorFloats Slopes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Map(float first, float second, int index) => default(TPower).Slope(first, Slopes.Get(index));
}

/// <summary>The gradient of a vector of one pixel's channels.</summary>
public struct PixelSlopes<TPower> : IPairMap
    where TPower : struct, IAttentionPower
{
    public float Slope;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Map(float first, float second, int index) => default(TPower).Slope(first, Slope);
}
