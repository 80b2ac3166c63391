using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>Σ(μ − t)² of a few vectors of one channel.</summary>
public struct VidSquares : IPairVisitor
{
    public float Even;
    public float Odd;

    public readonly float Sum => Even + Odd;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        float difference = first - second;
        if ((index & 1) == 0) Even += difference * difference;
        else Odd += difference * difference;
    }
}

/// <summary>(μ − t)/v, times what the loss is multiplied by.</summary>
public struct VidGradient : IPairMap
{
    public float Factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Map(float first, float second, int index) => (first - second) * Factor;
}
