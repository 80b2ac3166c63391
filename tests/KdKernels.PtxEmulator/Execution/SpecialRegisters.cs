using KdKernels.PtxEmulator.Parsing;

namespace KdKernels.PtxEmulator.Execution;

/// <summary>Registers that hold a thread's place: written once per warp and block, and read like any other.</summary>
internal static unsafe class SpecialRegisters
{
    public static readonly IReadOnlyDictionary<string, PtxType> Types = new Dictionary<string, PtxType>(
        StringComparer.Ordinal)
    {
        ["%tid.x"] = PtxType.U32,
        ["%tid.y"] = PtxType.U32,
        ["%tid.z"] = PtxType.U32,
        ["%ntid.x"] = PtxType.U32,
        ["%ntid.y"] = PtxType.U32,
        ["%ntid.z"] = PtxType.U32,
        ["%ctaid.x"] = PtxType.U32,
        ["%ctaid.y"] = PtxType.U32,
        ["%ctaid.z"] = PtxType.U32,
        ["%nctaid.x"] = PtxType.U32,
        ["%nctaid.y"] = PtxType.U32,
        ["%nctaid.z"] = PtxType.U32,
        ["%laneid"] = PtxType.U32,
        ["%warpid"] = PtxType.U32,
        ["%nwarpid"] = PtxType.U32,
        ["%smid"] = PtxType.U32,
        ["%nsmid"] = PtxType.U32,
        ["%dynamic_smem_size"] = PtxType.U32,
        ["%total_smem_size"] = PtxType.U32,
        ["%lanemask_eq"] = PtxType.U32,
        ["%lanemask_lt"] = PtxType.U32,
        ["%lanemask_le"] = PtxType.U32,
        ["%lanemask_gt"] = PtxType.U32,
        ["%lanemask_ge"] = PtxType.U32,
    };

    public static void Write(Warp warp)
    {
        foreach ((string name, Register register) in warp.Block.Kernel.Code.Registers.Specials)
        {
            uint* to = (uint*)(warp.Data + register.Offset);
            for (int lane = 0; lane < 32; lane++)
                to[lane] = Value(name, warp, lane);
        }

        warp.ResetInitialised();
    }

    private static uint Value(string name, Warp warp, int lane)
    {
        BlockState block = warp.Block;
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        if (dot > 0)
        {
            Dim3 place = name[..dot] switch
            {
                "%tid" => block.Thread((32 * warp.Index) + lane),
                "%ntid" => block.Size,
                "%ctaid" => block.Index,
                _ => block.Grid,
            };
            return (uint)(name[dot + 1] switch { 'x' => place.X, 'y' => place.Y, _ => place.Z });
        }

        uint bit = 1u << lane;
        return name switch
        {
            "%laneid" => (uint)lane,
            "%warpid" => (uint)warp.Index,
            "%nwarpid" => (uint)((block.Threads + 31) / 32),
            "%smid" => (uint)(block.Order.Block % block.Multiprocessors),
            "%nsmid" => (uint)block.Multiprocessors,
            "%dynamic_smem_size" => (uint)block.DynamicSharedBytes,
            "%total_smem_size" => (uint)block.Memory.Shared.Bytes,
            "%lanemask_eq" => bit,
            "%lanemask_lt" => bit - 1,
            "%lanemask_le" => bit | (bit - 1),
            "%lanemask_gt" => ~(bit | (bit - 1)),
            _ => ~(bit - 1),
        };
    }
}
