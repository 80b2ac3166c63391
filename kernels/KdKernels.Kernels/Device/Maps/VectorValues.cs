using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>A sum for each element of a vector, in double.</summary>
public struct VectorSums
{
    private double v0;
    private double v1;
    private double v2;
    private double v3;
    private double v4;
    private double v5;
    private double v6;
    private double v7;

    /// <summary>Adds to the sum of element <paramref name="index"/>, a compile-time constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int index, double value)
    {
        if (index == 0) v0 += value;
        if (index == 1) v1 += value;
        if (index == 2) v2 += value;
        if (index == 3) v3 += value;
        if (index == 4) v4 += value;
        if (index == 5) v5 += value;
        if (index == 6) v6 += value;
        if (index == 7) v7 += value;
    }

    /// <summary>Of element <paramref name="index"/>, a compile-time constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly double Get(int index)
    {
        double value = v0;
        if (index == 1) value = v1;
        if (index == 2) value = v2;
        if (index == 3) value = v3;
        if (index == 4) value = v4;
        if (index == 5) value = v5;
        if (index == 6) value = v6;
        if (index == 7) value = v7;
        return value;
    }
}

/// <summary>A value for each element of a vector.</summary>
public struct VectorFloats
{
    private float v0;
    private float v1;
    private float v2;
    private float v3;
    private float v4;
    private float v5;
    private float v6;
    private float v7;

    /// <summary>Sets element <paramref name="index"/>, a compile-time constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(int index, float value)
    {
        if (index == 0) v0 = value;
        if (index == 1) v1 = value;
        if (index == 2) v2 = value;
        if (index == 3) v3 = value;
        if (index == 4) v4 = value;
        if (index == 5) v5 = value;
        if (index == 6) v6 = value;
        if (index == 7) v7 = value;
    }

    /// <summary>Element <paramref name="index"/>, a compile-time constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Get(int index)
    {
        float value = v0;
        if (index == 1) value = v1;
        if (index == 2) value = v2;
        if (index == 3) value = v3;
        if (index == 4) value = v4;
        if (index == 5) value = v5;
        if (index == 6) value = v6;
        if (index == 7) value = v7;
        return value;
    }
}
