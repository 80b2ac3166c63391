using ILGPU.IR.Intrinsics;

namespace KdKernels.Kernels.Device;

/// <summary>
/// Arithmetic whose bits are fixed: the assembler makes a fused multiply-add of a plain multiplication and an addition as it
/// likes; of these it does not. Rounded to nearest even.
/// </summary>
public static partial class Ptx
{
    /// <summary>a·b + c, rounded once.</summary>
    [IntrinsicImplementation]
    public static float MultiplyAdd(float a, float b, float c) => (a * b) + c;

    /// <summary>a·b, rounded before anything is added to it.</summary>
    [IntrinsicImplementation]
    public static float Multiply(float a, float b) => a * b;

    /// <summary>All 64 bits of a product. The plain form multiplies the upper halves, which are 0, as well.</summary>
    [IntrinsicImplementation]
    public static ulong MultiplyWide(uint a, uint b) => (ulong)a * b;

    /// <summary>1/√x to 2^-22.9 of itself.</summary>
    [IntrinsicImplementation]
    public static float ReciprocalSquareRoot(float x) => x;

    /// <summary>√x. Dozens of instructions: for once a row, not for every element.</summary>
    [IntrinsicImplementation]
    public static double SquareRoot(double x) => x;

    /// <inheritdoc cref="SquareRoot"/>
    [IntrinsicImplementation]
    public static float SquareRootSingle(float x) => x;

    /// <summary>a / b to 2 ulp, subnormal numbers included.</summary>
    [IntrinsicImplementation]
    public static float Divide(float a, float b) => a / b;

    /// <summary>A value that is computed where this stands, and not in the loop that uses it.</summary>
    [IntrinsicImplementation]
    public static int Pin(int value) => value;

    /// <inheritdoc cref="Pin(int)"/>
    [IntrinsicImplementation]
    public static long PinLong(long value) => value;
}
