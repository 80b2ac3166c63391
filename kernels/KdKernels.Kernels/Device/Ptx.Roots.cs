using ILGPU;
using ILGPU.IR.Intrinsics;

namespace KdKernels.Kernels.Device;

/// <content>Square roots.</content>
public static partial class Ptx
{
    /// <summary>√x, correctly rounded. Dozens of instructions: for once a row, not for every element.</summary>
    [IntrinsicImplementation]
    public static double SquareRoot(double x) => x;
}
