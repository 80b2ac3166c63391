using ILGPU.Backends.PTX;
using ILGPU.IR;

namespace KdKernels.Kernels.Device;

internal static partial class PtxGenerators
{
    private static void LoadFourByte(PTXBackend backend, PTXCodeGenerator code, Value call) => Load(code, call, "ld.global.nc.b32");

    private static void LoadEightByte(PTXBackend backend, PTXCodeGenerator code, Value call) => Load(code, call, "ld.global.nc.b64");
}
