using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>A box's sums over its offsets, and what follows from them.</summary>
public struct BoundedBox
{
    private float student;
    private float teacher;
    private float smooth;

    /// <summary>ν where the bounded part is on, 0 where it is off, NaN where either side is.</summary>
    private float bound;

    /// <summary>Takes one offset of student and teacher, as they differ from the target.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(float s, float t, float beta)
    {
        student += s * s;
        teacher += t * t;
        // With q = min(|s|, β): q(|s| − q/2)/β is the parabola s²/2β below β and the line |s| − β/2 above.
        float size = IntrinsicMath.Abs(s);
        float q = size < beta ? size : beta;
        smooth += q * (size - (0.5f * q)) / beta;
    }

    /// <summary>Adds up the sums of the lanes that share the box; all lanes of the warp call it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Combine(int lanes)
    {
        for (int distance = lanes >> 1; distance > 0; distance >>= 1)
        {
            student += Warp.ShuffleXor(student, distance);
            teacher += Warp.ShuffleXor(teacher, distance);
            smooth += Warp.ShuffleXor(smooth, distance);
        }
    }

    /// <summary>The loss, once the sums are complete.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Finish(float margin, float boundWeight, bool hasSmooth)
    {
        // A NaN is neither above nor below and leaves the bounded part on, as NaN.
        bound = teacher >= student + margin ? 0f : boundWeight;
        float both = student + teacher;
        bound = both >= 0f ? bound : both;
        float loss = bound == 0f ? 0f : bound * student;
        return hasSmooth ? loss + smooth : loss;
    }

    /// <summary>The gradient of an offset, for what the box's loss is multiplied by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Gradient(float s, float beta, float scale, bool hasSmooth)
    {
        float gradient = bound == 0f ? 0f : s * (2f * bound * scale);
        float clamped = s < -beta ? -beta : s > beta ? beta : s;
        return hasSmooth ? gradient + (clamped * (scale / beta)) : gradient;
    }
}
