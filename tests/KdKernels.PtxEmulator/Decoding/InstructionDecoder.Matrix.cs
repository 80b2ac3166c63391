using KdKernels.PtxEmulator.Arithmetic;
using KdKernels.PtxEmulator.Execution;
using KdKernels.PtxEmulator.Parsing;
using static KdKernels.PtxEmulator.Parsing.PtxType;

namespace KdKernels.PtxEmulator.Decoding;

internal sealed partial class InstructionDecoder
{
    /// <summary>mma.sync with float32 sums: 16 x 8 x 8 of tf32, 16 x 8 x 16 of 16-bit floats.</summary>
    private Operation MatrixMultiply()
    {
        if (!modifiers.Take("sync") || !modifiers.Take("aligned"))
            throw Error("expected mma.sync.aligned");
        string shape = modifiers.TakeAny("m16n8k8", "m16n8k16")
            ?? throw Error("expected .m16n8k8 or .m16n8k16: the emulator has no other shape");
        if (!modifiers.Take("row") || !modifiers.Take("col"))
            throw Error("expected .row.col");
        modifiers.TakeType(F32);
        PtxType type = shape == "m16n8k8" ? modifiers.TakeType(TF32) : modifiers.TakeType(BF16, F16);
        modifiers.TakeType(type);
        modifiers.TakeType(F32);
        Require(80, "this mma");
        operands.Expect(4);
        kind = InstructionClass.Tensor;
        (MatrixElement element, PtxType packed) = type switch
        {
            TF32 => (MatrixElement.TF32, TF32),
            BF16 => (MatrixElement.BF16, BF16x2),
            _ => (MatrixElement.F16, F16x2),
        };
        return new MatrixProduct(
            element,
            [.. operands.Vector(0, 4).Select(o => operands.Write(o, F32, wider: false).Offset)],
            Fragment(1, 4, packed),
            Fragment(2, 2, packed),
            Fragment(3, 4, F32));
    }

    private int[] Fragment(int index, int count, PtxType type) =>
        [.. operands.Vector(index, count).Select(o => operands.Read(o, type, wider: false).Offset)];
}
