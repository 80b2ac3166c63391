using ILGPU.Backends.PTX;
using ILGPU.IR;

namespace KdKernels.Kernels.Device;

/// <content>Accesses of eight bytes, and arithmetic that ILGPU does not offer as one instruction.</content>
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

    private static void SquareRoot(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "sqrt.rn.f64");

    private static void ReciprocalRoot(PTXBackend backend, PTXCodeGenerator code, Value call) =>
        Unary(code, call, "rsqrt.approx.ftz.f32");

    private static void Fma(PTXBackend backend, PTXCodeGenerator code, Value call)
    {
        var a = code.EnsureHardwareRegister(code.LoadPrimitive(call[0]));
        var b = code.EnsureHardwareRegister(code.LoadPrimitive(call[1]));
        var c = code.EnsureHardwareRegister(code.LoadPrimitive(call[2]));
        var result = code.AllocateHardware(call);
        using var command = code.BeginCommand("fma.rn.f32");
        command.AppendArgument(result);
        command.AppendArgument(a);
        command.AppendArgument(b);
        command.AppendArgument(c);
    }
}
