using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device.Quads;

/// <summary>Four float32: four neighbouring elements of a row, or four sums.</summary>
public struct Quad
{
    public float X;
    public float Y;
    public float Z;
    public float W;

    /// <summary>Four times the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Of(float value)
    {
        Quad quad;
        quad.X = value;
        quad.Y = value;
        quad.Z = value;
        quad.W = value;
        return quad;
    }

    /// <summary>One of the four; <paramref name="index"/> is a compile-time constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Get(int index)
    {
        if (index == 0) return X;
        if (index == 1) return Y;
        return index == 2 ? Z : W;
    }

    /// <summary>Sets one of the four; <paramref name="index"/> is a compile-time constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Set(int index, float value)
    {
        if (index == 0) X = value;
        if (index == 1) Y = value;
        if (index == 2) Z = value;
        if (index == 3) W = value;
    }

    /// <summary>Adds the products of two others to one of the four; <paramref name="index"/> is a compile-time constant.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddDot(int index, Quad a, Quad b)
    {
        float sum = Get(index);
        sum = Ptx.MultiplyAdd(a.X, b.X, sum);
        sum = Ptx.MultiplyAdd(a.Y, b.Y, sum);
        sum = Ptx.MultiplyAdd(a.Z, b.Z, sum);
        Set(index, Ptx.MultiplyAdd(a.W, b.W, sum));
    }

    /// <summary>Every element less a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Less(float value)
    {
        Quad quad;
        quad.X = X - value;
        quad.Y = Y - value;
        quad.Z = Z - value;
        quad.W = W - value;
        return quad;
    }

    /// <summary>Every element times a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Times(float value)
    {
        Quad quad;
        quad.X = X * value;
        quad.Y = Y * value;
        quad.Z = Z * value;
        quad.W = W * value;
        return quad;
    }

    /// <summary>Element by element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Times(Quad other)
    {
        Quad quad;
        quad.X = X * other.X;
        quad.Y = Y * other.Y;
        quad.Z = Z * other.Z;
        quad.W = W * other.W;
        return quad;
    }

    /// <summary>Element by element, <c>this + a·b</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Plus(Quad a, Quad b)
    {
        Quad quad;
        quad.X = Ptx.MultiplyAdd(a.X, b.X, X);
        quad.Y = Ptx.MultiplyAdd(a.Y, b.Y, Y);
        quad.Z = Ptx.MultiplyAdd(a.Z, b.Z, Z);
        quad.W = Ptx.MultiplyAdd(a.W, b.W, W);
        return quad;
    }

    /// <summary>Element by element, <c>this + a·b</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Plus(Quad a, float b) => Plus(a, Of(b));

    /// <summary>The sum of the four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Sum() => (X + Y) + (Z + W);
}
