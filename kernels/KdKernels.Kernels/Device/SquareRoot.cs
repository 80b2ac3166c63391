using System.Runtime.CompilerServices;

namespace KdKernels.Kernels.Device;

/// <summary>
/// The correctly rounded square root of a number that is not near the ends of float32's range, without the branch for those. The
/// hardware's approximate 1/√x is improved once, then √x by its exact remainder. That this rounds correctly whatever the hardware's
/// last digits are is tested for every float32.
/// </summary>
public static class SquareRoot
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(float x)
    {
        float reciprocal = Ptx.ReciprocalSquareRoot(x);
        float root = Ptx.Multiply(x, reciprocal);
        float half = Ptx.Multiply(reciprocal, 0.5f);
        float error = Ptx.MultiplyAdd(-half, root, 0.5f);
        root = Ptx.MultiplyAdd(root, error, root);
        half = Ptx.MultiplyAdd(half, error, half);
        float remainder = Ptx.MultiplyAdd(-root, root, x);
        return Ptx.MultiplyAdd(remainder, half, root);
    }
}
