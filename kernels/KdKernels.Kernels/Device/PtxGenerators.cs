using System.Reflection;
using ILGPU.Backends.PTX;
using ILGPU.IR;

namespace KdKernels.Kernels.Device;

/// <summary>The text of the instructions of <see cref="Ptx"/>: one generator per method and operand type.</summary>
internal static partial class PtxGenerators
{
    /// <summary>The generator of a method: its name, followed by the type that a reference points to.</summary>
    internal static string NameFor(MethodInfo method)
    {
        var first = method.GetParameters().FirstOrDefault()?.ParameterType;
        return first is { IsByRef: true } ? $"{method.Name}{first.GetElementType()!.Name}" : method.Name;
    }

    private static void LoadOnceSingle(PTXBackend backend, PTXCodeGenerator code, Value call) => LoadVector(code, call);

    private static void LoadOnceUInt16(PTXBackend backend, PTXCodeGenerator code, Value call) => LoadVector(code, call);

    private static void LoadReadOnlySingle(PTXBackend backend, PTXCodeGenerator code, Value call) =>
        Load(code, call, "ld.global.nc.f32");

    private static void LoadReadOnlyUInt16(PTXBackend backend, PTXCodeGenerator code, Value call) =>
        Load(code, call, "ld.global.nc.b16");

    private static void StoreStreamingSingle(PTXBackend backend, PTXCodeGenerator code, Value call) => StoreVector(code, call);

    private static void StoreStreamingUInt16(PTXBackend backend, PTXCodeGenerator code, Value call) => StoreVector(code, call);

    private static void LoadSharedDouble(PTXBackend backend, PTXCodeGenerator code, Value call) => Load(code, call, "ld.global.cg.f64");

    private static void LoadSharedSingle(PTXBackend backend, PTXCodeGenerator code, Value call) => Load(code, call, "ld.global.cg.f32");

    private static void AddressOfSingle(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "mov.b64");

    private static void AddressOfUInt16(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "mov.b64");

    private static void Exp2(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "ex2.approx.ftz.f32");

    private static void Log2(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "lg2.approx.ftz.f32");

    private static void Reciprocal(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "rcp.approx.ftz.f32");

    private static void HalfToFloat(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "cvt.f32.f16");

    private static void FloatToHalf(PTXBackend backend, PTXCodeGenerator code, Value call) => Unary(code, call, "cvt.rn.f16.f32");

    private static void PackHalf(PTXBackend backend, PTXCodeGenerator code, Value call) => Binary(code, call, "cvt.rn.f16x2.f32");

    private static void PackBFloat(PTXBackend backend, PTXCodeGenerator code, Value call) => Binary(code, call, "cvt.rn.bf16x2.f32");

    private static void Unary(PTXCodeGenerator code, Value call, string instruction)
    {
        var operand = code.EnsureHardwareRegister(code.LoadPrimitive(call[0]));
        var result = code.AllocateHardware(call);
        using var command = code.BeginCommand(instruction);
        command.AppendArgument(result);
        command.AppendArgument(operand);
    }

    private static void Binary(PTXCodeGenerator code, Value call, string instruction)
    {
        var first = code.EnsureHardwareRegister(code.LoadPrimitive(call[0]));
        var second = code.EnsureHardwareRegister(code.LoadPrimitive(call[1]));
        var result = code.AllocateHardware(call);
        using var command = code.BeginCommand(instruction);
        command.AppendArgument(result);
        command.AppendArgument(first);
        command.AppendArgument(second);
    }

    private static void Load(PTXCodeGenerator code, Value call, string instruction)
    {
        var address = code.LoadHardware(call[0]);
        var result = code.AllocateHardware(call);
        using var command = code.BeginCommand(instruction);
        command.AppendArgument(result);
        command.AppendArgumentValue(address, 0);
    }

    private static void LoadVector(PTXCodeGenerator code, Value call)
    {
        var address = code.LoadHardware(call[0]);
        var result = (PTXCodeGenerator.CompoundRegister)code.Allocate(call);
        using var command = code.BeginCommand("ld.global.nc.L1::no_allocate.v4.b32");
        command.AppendVectorArgument(Lanes(result));
        command.AppendArgumentValue(address, 0);
    }

    private static void StoreVector(PTXCodeGenerator code, Value call)
    {
        var address = code.LoadHardware(call[0]);
        var value = (PTXCodeGenerator.CompoundRegister)code.Load(call[1]);
        using var command = code.BeginCommand("st.global.cs.v4.b32");
        command.AppendArgumentValue(address, 0);
        command.AppendVectorArgument(Lanes(value));
    }

    private static PTXCodeGenerator.PrimitiveRegister[] Lanes(PTXCodeGenerator.CompoundRegister register)
    {
        var lanes = new PTXCodeGenerator.PrimitiveRegister[register.Children.Length];
        for (int i = 0; i < lanes.Length; i++) lanes[i] = (PTXCodeGenerator.PrimitiveRegister)register.Children[i];
        return lanes;
    }
}
