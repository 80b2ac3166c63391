using ILGPU.Backends.PTX;
using ILGPU.IR;

namespace KdKernels.Kernels.Device;

internal static partial class PtxGenerators
{
    private static void SquareRoot(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "sqrt.rn.f64");
}
