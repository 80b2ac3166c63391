using KdKernels.PtxEmulator.Arithmetic;

namespace KdKernels.PtxEmulator.Execution;

/// <summary>
/// mma.sync.aligned: d = a·b + c for a tile that lies over the registers of a warp. With g = lane / 4 and q = lane % 4,
/// word i of a holds row g + 8·(i % 2), words q + 4·(i / 2) of it; word i of b holds column g, words q + 4·i; float i of
/// c and d is row g + 8·(i / 2), column 2q + i % 2.
/// </summary>
internal sealed unsafe class MatrixProduct(MatrixElement element, int[] d, int[] a, int[] b, int[] c) : Operation
{
    private const int Rows = 16;
    private const int Columns = 8;
    private const int Words = 8;

    public override void Execute(Warp warp, uint mask)
    {
        if (mask != uint.MaxValue)
            throw warp.Fail(PtxError.WarpDivergence, $"expected all 32 lanes together but got 0x{mask:x8}", mask);
        int perWord = MatrixArithmetic.PerWord(element), depth = Words * perWord;
        Span<double> left = stackalloc double[Rows * depth], right = stackalloc double[Columns * depth];
        for (int lane = 0; lane < 32; lane++)
        {
            (int g, int q) = (lane >> 2, lane & 3);
            for (int i = 0; i < 4; i++)
                Unpack(warp, a[i], lane, left[(((g + (8 * (i & 1))) * depth) + ((q + (4 * (i >> 1))) * perWord))..]);
            for (int i = 0; i < 2; i++)
                Unpack(warp, b[i], lane, right[((g * depth) + ((q + (4 * i)) * perWord))..]);
        }

        // The result may lie over the operands.
        Span<float> result = stackalloc float[Rows * Columns];
        for (int lane = 0; lane < 32; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                (int row, int column) = ((lane >> 2) + (8 * (i >> 1)), (2 * (lane & 3)) + (i & 1));
                result[(4 * lane) + i] = MatrixArithmetic.Sum(
                    ((float*)(warp.Data + c[i]))[lane],
                    left.Slice(row * depth, depth),
                    right.Slice(column * depth, depth),
                    warp.Block.Disturbance);
            }
        }

        for (int lane = 0; lane < 32; lane++)
        {
            for (int i = 0; i < 4; i++)
                ((float*)(warp.Data + d[i]))[lane] = result[(4 * lane) + i];
        }
    }

    private void Unpack(Warp warp, int register, int lane, Span<double> to)
    {
        uint word = ((uint*)(warp.Data + register))[lane];
        for (int part = 0; part < MatrixArithmetic.PerWord(element); part++)
            to[part] = MatrixArithmetic.Read(element, word, part);
    }
}
