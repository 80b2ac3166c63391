using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device.Regression;

/// <summary>Σ (s − t)² over pairs (teacher, student).</summary>
public struct SquaredVisitor : IPairVisitor
{
    public float Sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Visit(float first, float second, int index)
    {
        float difference = second - first;
        Sum += difference * difference;
    }
}

/// <summary>The gradient, a multiple of s − t: the student's, or with a factor of the other sign the teacher's.</summary>
public struct DifferenceMap : IPairMap
{
    public float Factor;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Map(float first, float second, int index) => Factor * (second - first);
}
