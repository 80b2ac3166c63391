using ILGPU.Backends.PTX;
using ILGPU.IR;

namespace KdKernels.Kernels.Device;

/// <content>Accesses of eight bytes.</content>
internal static partial class PtxGenerators
{
    private static void LoadPairUInt16(PTXBackend backend, PTXCodeGenerator code, Value call)
    {
        var address = code.LoadHardware(call[0]);
        var result = (PTXCodeGenerator.CompoundRegister)code.Allocate(call);
        using var command = code.BeginCommand("ld.global.nc.L1::no_allocate.v2.b32");
        command.AppendVectorArgument(Lanes(result));
        command.AppendArgumentValue(address, 0);
    }

    private static void StorePairUInt16(PTXBackend backend, PTXCodeGenerator code, Value call)
    {
        var address = code.LoadHardware(call[0]);
        var value = (PTXCodeGenerator.CompoundRegister)code.Load(call[1]);
        using var command = code.BeginCommand("st.global.cs.v2.b32");
        command.AppendArgumentValue(address, 0);
        command.AppendVectorArgument(Lanes(value));
    }
}
