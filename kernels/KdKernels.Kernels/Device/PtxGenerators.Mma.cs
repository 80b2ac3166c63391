using ILGPU.Backends.PTX;
using ILGPU.IR;

namespace KdKernels.Kernels.Device;

internal static partial class PtxGenerators
{
    private const string Tf32 = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32";
    private const string BFloat = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32";
    private const string Half = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32";

    private static void MultiplyTf32(PTXBackend backend, PTXCodeGenerator code, Value call) => MatrixProduct(code, call, Tf32, adds: false);

    private static void MultiplyAddTf32(PTXBackend backend, PTXCodeGenerator code, Value call) => MatrixProduct(code, call, Tf32, adds: true);

    private static void MultiplyBFloat(PTXBackend backend, PTXCodeGenerator code, Value call) => MatrixProduct(code, call, BFloat, adds: false);

    private static void MultiplyAddBFloat(PTXBackend backend, PTXCodeGenerator code, Value call) => MatrixProduct(code, call, BFloat, adds: true);

    private static void MultiplyHalf(PTXBackend backend, PTXCodeGenerator code, Value call) => MatrixProduct(code, call, Half, adds: false);

    private static void MultiplyAddHalf(PTXBackend backend, PTXCodeGenerator code, Value call) => MatrixProduct(code, call, Half, adds: true);

    private static void CopyAsyncSingle(PTXBackend backend, PTXCodeGenerator code, Value call) => CopyAsync(code, call);

    private static void CopyAsyncUInt16(PTXBackend backend, PTXCodeGenerator code, Value call) => CopyAsync(code, call);

    private static void CommitCopies(PTXBackend backend, PTXCodeGenerator code, Value call)
    {
        using var command = code.BeginCommand("cp.async.commit_group");
    }

    private static void WaitForCopies(PTXBackend backend, PTXCodeGenerator code, Value call)
    {
        using var command = code.BeginCommand("cp.async.wait_group");
        command.AppendArgument(code.LoadPrimitive(call[0]));
    }

    private static void StorePairSingle(PTXBackend backend, PTXCodeGenerator code, Value call)
    {
        var address = code.LoadHardware(call[0]);
        var first = code.EnsureHardwareRegister(code.LoadPrimitive(call[1]));
        var second = code.EnsureHardwareRegister(code.LoadPrimitive(call[2]));
        using var command = code.BeginCommand("st.global.v2.f32");
        command.AppendArgumentValue(address, 0);
        command.AppendVectorArgument([first, second]);
    }

    private static void MatrixProduct(PTXCodeGenerator code, Value call, string instruction, bool adds)
    {
        var words = new PTXCodeGenerator.PrimitiveRegister[6];
        for (int i = 0; i < words.Length; i++) words[i] = code.EnsureHardwareRegister(code.LoadPrimitive(call[i]));
        var sums = adds ? (PTXCodeGenerator.CompoundRegister)code.Load(call[words.Length]) : null;
        var result = (PTXCodeGenerator.CompoundRegister)code.Allocate(call);
        using var command = code.BeginCommand(instruction);
        command.AppendVectorArgument(Lanes(result));
        command.AppendVectorArgument(words[..4]);
        command.AppendVectorArgument(words[4..]);
        if (sums is null)
            command.AppendRawString(", {0f00000000, 0f00000000, 0f00000000, 0f00000000}");
        else
            command.AppendVectorArgument(Lanes(sums));
    }

    private static void CopyAsync(PTXCodeGenerator code, Value call)
    {
        var from = code.LoadHardware(call[0]);
        var to = code.LoadHardware(call[1]);
        var bytes = code.EnsureHardwareRegister(code.LoadPrimitive(call[2]));
        using var command = code.BeginCommand("cp.async.cg.shared.global");
        command.AppendArgumentValue(to, 0);
        command.AppendArgumentValue(from, 0);
        command.AppendConstant(16L);
        command.AppendArgument(bytes);
    }
}
