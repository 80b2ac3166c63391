using ILGPU.Backends.PTX;
using ILGPU.IR;

namespace KdKernels.Kernels.Device;

internal static partial class PtxGenerators
{
    private static void MultiplyAdd(PTXBackend backend, PTXCodeGenerator code, Value call)
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

    private static void Multiply(PTXBackend backend, PTXCodeGenerator code, Value call) => Binary(code, call, "mul.rn.f32");

    private static void MultiplyWide(PTXBackend backend, PTXCodeGenerator code, Value call) => Binary(code, call, "mul.wide.u32");

    private static void ReciprocalSquareRoot(PTXBackend backend, PTXCodeGenerator code, Value call) =>
        Unary(code, call, "rsqrt.approx.ftz.f32");

    private static void SquareRoot(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "sqrt.rn.f64");

    private static void SquareRootSingle(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "sqrt.rn.f32");

    private static void Divide(PTXBackend backend, PTXCodeGenerator code, Value call) => Binary(code, call, "div.full.f32");

    private static void Pin(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "mov.b32");

    private static void PinLong(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "mov.b64");
}
