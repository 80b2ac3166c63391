namespace KdKernels.PtxEmulator.Tests;

/// <summary>mma against a plain product of matrices whose products are small integers, which every order of adding gives.</summary>
public sealed class MatrixTests
{
    private const int Rows = 16;
    private const int Columns = 8;

    private const string Load = """
        mul.wide.u32 %rd9, %r1, 16;
        add.u64 %rd10, %rd1, %rd9;
        ld.global.v4.b32 {%r2, %r3, %r4, %r5}, [%rd10];
        add.u64 %rd11, %rd1, %rd8;
        ld.global.v2.b32 {%r6, %r7}, [%rd11+512];
        ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%rd10+768];
        add.u64 %rd12, %rd2, %rd9;
        """;

    private const string Store = "\nst.global.v4.f32 [%rd12], {%f5, %f6, %f7, %f8};";
    private const string Operands = " {%f5, %f6, %f7, %f8}, {%r2, %r3, %r4, %r5}, {%r6, %r7}, {%f1, %f2, %f3, %f4};";
    private const string Tf32 = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32";
    private const string BFloat = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32";
    private const string Float16 = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32";

    [Theory]
    [InlineData(Tf32, 8)]
    [InlineData(BFloat, 16)]
    [InlineData(Float16, 16)]
    public void Fragments_lie_as_the_PTX_manual_says(string form, int depth)
    {
        float[,] a = Integers(1, Rows, depth), b = Integers(2, depth, Columns), c = Integers(3, Rows, Columns);
        float[] found = Run(form, a, b, c);
        for (int lane = 0; lane < 32; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                // The PTX manual: groupID = lane / 4, row = groupID for c0 and c1, groupID + 8 else.
                int row = (lane / 4) + (i < 2 ? 0 : 8), column = (lane % 4 * 2) + (i & 1);
                float expected = c[row, column];
                for (int k = 0; k < depth; k++) expected += a[row, k] * b[k, column];
                Assert.Equal(expected, found[(4 * lane) + i]);
            }
        }
    }

    [Fact]
    public void Tf32_does_not_see_the_low_13_bits()
    {
        var a = new float[Rows, 8];
        var b = new float[8, Columns];
        a[3, 5] = BitConverter.UInt32BitsToSingle(0x3f801fff);
        b[5, 2] = BitConverter.UInt32BitsToSingle(0xc0003fff);
        float[] found = Run(Tf32, a, b, new float[Rows, Columns]);
        // Row 3, column 2: the first float of lane 13.
        Assert.Equal(BitConverter.UInt32BitsToSingle(0xc0002000), found[4 * 13]);
        Assert.Equal(1, found.Count(value => value != 0));
    }

    [Fact]
    public void NaN_and_infinity_reach_their_row_or_column()
    {
        float[,] a = Integers(1, Rows, 8), b = Integers(2, 8, Columns), c = new float[Rows, Columns];
        a[9, 4] = float.NaN;
        b[1, 6] = float.PositiveInfinity;
        float[] found = Run(Tf32, a, b, c);
        for (int i = 0; i < found.Length; i++)
        {
            int row = (i / 16) + (i % 4 < 2 ? 0 : 8), column = (i / 4 % 4 * 2) + (i & 1);
            if (row == 9) Assert.Equal(0x7fffffffu, BitConverter.SingleToUInt32Bits(found[i]));
            else Assert.Equal(column != 6, float.IsFinite(found[i]));
        }
    }

    [Fact]
    public void Disturbed_sums_are_smaller_by_at_most_their_bound()
    {
        var random = new Random(5);
        float[,] a = Fill(Rows, 8, () => random.NextSingle()), b = Fill(8, Columns, () => random.NextSingle());
        var c = new float[Rows, Columns];
        float[] exact = Run(Tf32, a, b, c), disturbed = Run(Tf32, a, b, c, disturb: true);
        Assert.Equal(disturbed, Run(Tf32, a, b, c, disturb: true));
        int moved = 0;
        for (int i = 0; i < exact.Length; i++)
        {
            Assert.InRange(disturbed[i], exact[i] * (1 - Math.ScaleB(1, -21)), exact[i]);
            moved += disturbed[i] < exact[i] ? 1 : 0;
        }

        Assert.InRange(moved, exact.Length / 2, exact.Length);
    }

    [Fact]
    public void All_lanes_must_be_there()
    {
        PtxException error = Ptx.Fails($"{Load}\nsetp.lt.u32 %p1, %r1, 31;\n@%p1 {Float16}{Operands}{Store}");
        Assert.Equal(PtxError.WarpDivergence, error.Error);
        Assert.Equal(PtxError.WarpDivergence, Ptx.Fails($"{Load}\n{Float16}{Operands}{Store}", threads: 16).Error);
    }

    [Fact]
    public void Sm_75_has_none_of_these() =>
        Assert.Equal(
            PtxError.Unsupported,
            Assert.Throws<PtxException>(() => PtxModule.Parse(Ptx.Kernel(Float16 + Operands, target: 75))).Error);

    private static float[,] Integers(int seed, int rows, int columns)
    {
        var random = new Random(seed);
        return Fill(rows, columns, () => random.Next(-9, 10));
    }

    private static float[,] Fill(int rows, int columns, Func<float> next)
    {
        var matrix = new float[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) matrix[i, j] = next();
        return matrix;
    }

    /// <summary>Lays the matrices over the lanes and multiplies; what each lane then holds.</summary>
    private static float[] Run(string form, float[,] a, float[,] b, float[,] c, bool disturb = false)
    {
        var words = new uint[512];
        for (int lane = 0; lane < 32; lane++)
        {
            (int group, int thread) = (lane / 4, lane % 4);
            for (int i = 0; i < 4; i++)
            {
                int row = group + (8 * (i % 2)), word = thread + (4 * (i / 2));
                words[(4 * lane) + i] = Word(form, (part, parts) => a[row, (word * parts) + part]);
                words[192 + (4 * lane) + i] = BitConverter.SingleToUInt32Bits(c[group + (8 * (i / 2)), (2 * thread) + (i % 2)]);
            }

            for (int i = 0; i < 2; i++)
            {
                int word = thread + (4 * i);
                words[128 + (2 * lane) + i] = Word(form, (part, parts) => b[(word * parts) + part, group]);
            }
        }

        using var memory = new DeviceMemory();
        DeviceBuffer from = memory.Allocate(4096, "a", initialized: true), to = memory.Allocate(4096, "b", initialized: true);
        from.Write<uint>(words);
        var options = new LaunchOptions { DisturbApproximations = disturb, Seed = 3 };
        Ptx.Run($"{Load}\n{form}{Operands}{Store}", memory, options, "", from, to);
        return to.Read<float>(128);
    }

    private static uint Word(string form, Func<int, int, float> element) => form switch
    {
        Tf32 => BitConverter.SingleToUInt32Bits(element(0, 1)),
        BFloat => (BitConverter.SingleToUInt32Bits(element(0, 2)) >> 16)
            | (BitConverter.SingleToUInt32Bits(element(1, 2)) & 0xffff0000),
        _ => BitConverter.HalfToUInt16Bits((Half)element(0, 2))
            | ((uint)BitConverter.HalfToUInt16Bits((Half)element(1, 2)) << 16),
    };
}
