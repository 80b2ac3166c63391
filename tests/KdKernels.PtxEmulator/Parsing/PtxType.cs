namespace KdKernels.PtxEmulator.Parsing;

internal enum PtxType
{
    None, Pred, B8, B16, B32, B64, U8, U16, U32, U64, S8, S16, S32, S64, F16, F16x2, BF16, BF16x2, TF32, F32, F64,
}

internal static class PtxTypes
{
    private static readonly Dictionary<string, PtxType> Names = new(StringComparer.Ordinal)
    {
        ["pred"] = PtxType.Pred,
        ["b8"] = PtxType.B8,
        ["b16"] = PtxType.B16,
        ["b32"] = PtxType.B32,
        ["b64"] = PtxType.B64,
        ["u8"] = PtxType.U8,
        ["u16"] = PtxType.U16,
        ["u32"] = PtxType.U32,
        ["u64"] = PtxType.U64,
        ["s8"] = PtxType.S8,
        ["s16"] = PtxType.S16,
        ["s32"] = PtxType.S32,
        ["s64"] = PtxType.S64,
        ["f16"] = PtxType.F16,
        ["f16x2"] = PtxType.F16x2,
        ["bf16"] = PtxType.BF16,
        ["bf16x2"] = PtxType.BF16x2,
        ["tf32"] = PtxType.TF32,
        ["f32"] = PtxType.F32,
        ["f64"] = PtxType.F64,
    };

    public static bool TryParse(string name, out PtxType type) => Names.TryGetValue(name, out type);

    public static int Size(this PtxType type) => type switch
    {
        PtxType.B8 or PtxType.U8 or PtxType.S8 => 1,
        PtxType.B16 or PtxType.U16 or PtxType.S16 or PtxType.F16 or PtxType.BF16 => 2,
        PtxType.B64 or PtxType.U64 or PtxType.S64 or PtxType.F64 => 8,
        PtxType.Pred or PtxType.None => 0,
        _ => 4,
    };

    public static bool IsBits(this PtxType type) => type is >= PtxType.B8 and <= PtxType.B64;

    public static bool IsFloat(this PtxType type) => type >= PtxType.F16;

    public static bool IsSigned(this PtxType type) => type is >= PtxType.S8 and <= PtxType.S64;

    public static bool IsInteger(this PtxType type) => type is >= PtxType.U8 and <= PtxType.S64;
}
