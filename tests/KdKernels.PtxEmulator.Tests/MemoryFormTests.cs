namespace KdKernels.PtxEmulator.Tests;

/// <summary>
/// Every form of load, store, atomic and warp-wide instruction, with a result that only the right one gives.
/// </summary>
public sealed class MemoryFormTests
{
    private const string Variables = ".shared .align 16 .b8 s[512];\n.local .align 16 .b8 l[16];";
    private const string Out = "add.u64 %rd20, %rd2, %rd4;\nst.global.u32 [%rd20], %r2;";

    // The input holds 0x80000000 + 0x01010101 * i; bytes 0 to 2 of each word are i, the last one is 0x80 + i.
    private static uint[] Input =>
        [.. Enumerable.Range(0, 512).Select(i => 0x80000000u + (0x01010101u * (uint)(i & 127)))];

    public static TheoryData<string, uint> Loads
    {
        get
        {
            var data = new TheoryData<string, uint>();
            string[] kinds =
            [
                "", ".nc", ".ca", ".cg", ".cs", ".lu", ".cv", ".L1::no_allocate", ".nc.L1::no_allocate",
                ".nc.L1::evict_first", ".L1::evict_last",
            ];
            foreach (string kind in kinds)
                AddLoads(data, $"ld.global{kind}");
            foreach (string form in new[] { "ld", "ld.volatile.global", "ld.relaxed.gpu.global", "ld.weak.global" })
                AddLoads(data, form);
            return data;
        }
    }

    private static int Elements(string form) => form.Contains(".v4", StringComparison.Ordinal) ? 4
        : form.Contains(".v2", StringComparison.Ordinal) ? 2 : 1;

    private static void AddLoads(TheoryData<string, uint> data, string form)
    {
        foreach ((string type, uint expected) in new[]
        {
            ("u8", 0x03u), ("b8", 0x03u), ("s8", 0x03u), ("u16", 0x0303u), ("b16", 0x0303u), ("s16", 0x0303u),
            ("u32", 0x83030303u), ("b32", 0x83030303u), ("s32", 0x83030303u), ("f32", 0x83030303u),
            ("u64", 0x83030303u), ("b64", 0x83030303u), ("s64", 0x83030303u), ("f64", 0x83030303u),
            ("v2.u32", 0x83030303u ^ 0x84040404), ("v2.b32", 0x83030303u ^ 0x84040404),
            ("v2.f32", 0x83030303u ^ 0x84040404), ("v4.u32", 0x83030303u ^ 0x84040404 ^ 0x85050505 ^ 0x86060606),
            ("v4.b32", 0x83030303u ^ 0x84040404 ^ 0x85050505 ^ 0x86060606),
            ("v4.f32", 0x83030303u ^ 0x84040404 ^ 0x85050505 ^ 0x86060606), ("v2.u16", 0x0303u ^ 0x8303),
            ("v4.u16", 0x0303u ^ 0x8303 ^ 0x0404 ^ 0x8404), ("v2.b64", 0x83030303u ^ 0x85050505),
            ("v2.f64", 0x83030303u ^ 0x85050505), ("v4.u8", 3u ^ 3 ^ 3 ^ 0x83),
        })
        {
            data.Add($"{form}.{type}", expected);
        }
    }

    // Loads element 3 and its successors, aligned by an offset into the buffer, and folds them by xor.
    [Theory]
    [MemberData(nameof(Loads))]
    public void Global_loads(string form, uint expected)
    {
        string type = form.Split('.')[^1];
        int count = Elements(form);
        string prefix = type is "f32" ? "f" : type is "f64" ? "fd"
            : type.EndsWith("64", StringComparison.Ordinal) ? "rd"
            : type.EndsWith("16", StringComparison.Ordinal) ? "h" : "r";
        string[] registers = [.. Enumerable.Range(10, count).Select(i => $"%{prefix}{i}")];
        string to = count == 1 ? registers[0] : $"{{{string.Join(", ", registers)}}}";
        string fold = "mov.u32 %r2, 0;\n" + string.Concat(registers.Select(r => prefix switch
        {
            "f" => $"mov.b32 %r9, {r};\n",
            "fd" => $"mov.b64 {{%r9, _}}, {r};\n",
            "rd" => $"cvt.u32.u64 %r9, {r};\n",
            "h" => $"cvt.u32.u16 %r9, {r};\n",
            _ => $"mov.b32 %r9, {r};\n",
        } + "xor.b32 %r2, %r2, %r9;\n"));
        using var memory = new DeviceMemory();
        DeviceBuffer a = memory.Allocate(2048, "a");
        DeviceBuffer b = memory.Allocate(128, "b");
        // Element 3 lies at 16.
        a.Write<uint>(Input.AsSpan(0, 509), 4);
        a.Write<uint>([0]);
        Ptx.Run($"{form} {to}, [%rd1+16];\n{fold}{Out}", memory, new LaunchOptions(), Variables, a, b);
        Assert.All(b.Read<uint>(32), v => Assert.Equal(expected, v));
    }

    [Theory]
    [InlineData("s8", 0xffffff81u)]
    [InlineData("s16", 0xffff8101u)]
    [InlineData("u8", 0x81u)]
    [InlineData("u16", 0x8101u)]
    public void Narrow_loads_extend_by_the_sign_of_their_type(string type, uint expected)
    {
        int offset = type.EndsWith('8') ? 7 : 6;
        string load = $"ld.global.{type} %r2, [%rd1+{offset}];\n{Out}";
        Assert.Equal(expected, Ptx.Passes(load, Variables, input: Input)[0]);
        string wide = $"ld.global.{type} %rd9, [%rd1+{offset}];\n"
            + $"shr.u64 %rd9, %rd9, 32;\ncvt.u32.u64 %r2, %rd9;\n{Out}";
        Assert.Equal(type[0] == 's' ? uint.MaxValue : 0, Ptx.Passes(wide, Variables, input: Input)[0]);
    }

    public static TheoryData<string> Stores
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (string space in new[]
            {
                "st.global", "st.global.wb", "st.global.cg", "st.global.cs", "st.global.wt", "st", "st.volatile.global",
                "st.relaxed.gpu.global", "st.weak.global", "st.global.L1::no_allocate", "st.shared", "st.local",
            })
            {
                foreach (string type in new[]
                {
                    "b8", "u8", "b16", "u16", "b32", "u32", "s32", "f32", "b64", "u64", "s64", "f64", "v2.b32",
                    "v2.f32", "v4.b32", "v4.f32", "v4.u32", "v2.b64", "v2.f64", "v4.b16", "v2.u16",
                })
                {
                    data.Add($"{space}.{type}");
                }
            }

            return data;
        }
    }

    // Each lane stores the bytes of its part of the pattern and reads them back by words (or smaller).
    [Theory]
    [MemberData(nameof(Stores))]
    public void Stores_and_reads_back(string form)
    {
        string type = form.Split('.')[^1];
        int count = Elements(form);
        int size = int.Parse(type.AsSpan(1)) / 8;
        string prefix = type is "f32" ? "f" : type is "f64" ? "fd" : size == 8 ? "rd" : size == 2 ? "h" : "r";
        string moves = string.Concat(Enumerable.Range(10, count).Select(i => prefix switch
        {
            "f" => $"mov.f32 %f{i}, 0f4111111{i - 10};\n",
            "fd" => $"mov.f64 %fd{i}, 0d411111111111111{i - 10};\n",
            _ => $"mov.b{(size == 1 ? 32 : 8 * size)} %{prefix}{i}, 0x1{i - 10};\n",
        }));
        string[] registers = [.. Enumerable.Range(10, count).Select(i => $"%{prefix}{i}")];
        string from = count == 1 ? registers[0] : $"{{{string.Join(", ", registers)}}}";
        string space = form.Contains("shared", StringComparison.Ordinal) ? "shared"
            : form.Contains("local", StringComparison.Ordinal) ? "local" : "global";
        string address = space switch
        {
            "shared" => "mul.wide.u32 %rd9, %r1, 16;\nmov.b64 %rd10, s;\nadd.u64 %rd9, %rd9, %rd10;\n",
            "local" => "mov.b64 %rd9, l;\n",
            _ => "mul.wide.u32 %rd9, %r1, 16;\nadd.u64 %rd9, %rd9, %rd3;\n",
        };
        string last = registers[^1];
        string back = prefix == "h" ? "b16" : prefix == "r" && size == 1 ? "u8"
            : $"{(prefix[0] == 'f' ? 'f' : 'b')}{8 * size}";
        string compare = prefix switch
        {
            "f" => "mov.b32 %r2, %f20;\nmov.b32 %r3, LAST;\n",
            "fd" => "mov.b64 {%r2, _}, %fd15;\nmov.b64 {%r3, _}, LAST;\n",
            "rd" => "cvt.u32.u64 %r2, %rd20;\ncvt.u32.u64 %r3, LAST;\n",
            "h" => "cvt.u32.u16 %r2, %h15;\ncvt.u32.u16 %r3, LAST;\n",
            _ => "mov.b32 %r2, %r20;\nmov.b32 %r3, LAST;\n",
        };
        string target = prefix switch { "fd" => "%fd15", "h" => "%h15", _ => $"%{prefix}20" };
        string body = $"{moves}{address}{form} [%rd9], {from};\n"
            + $"ld.{space}.{back} {target}, [%rd9+{size * (count - 1)}];\n"
            + compare.Replace("LAST", last, StringComparison.Ordinal) + "sub.u32 %r2, %r2, %r3;\n"
            + "add.u32 %r2, %r2, 77;\n" + Out;
        Assert.All(Ptx.Passes(body, Variables), v => Assert.Equal(77u, v));
    }

    [Fact]
    public void Generic_addresses_reach_shared_and_local_memory()
    {
        string body = """
            mov.b64 %rd9, s;
            add.u64 %rd9, %rd9, %rd4;
            cvta.shared.u64 %rd10, %rd9;
            st.u32 [%rd10], %r1;
            ld.shared.u32 %r3, [%rd9];
            mov.b64 %rd11, l;
            cvta.local.u64 %rd12, %rd11;
            st.u32 [%rd12], %r3;
            cvta.to.local.u64 %rd13, %rd12;
            ld.local.u32 %r2, [%rd13];
            cvta.to.shared.u64 %rd14, %rd10;
            ld.shared.u32 %r4, [%rd14];
            cvta.global.u64 %rd15, %rd2;
            cvta.to.global.u64 %rd15, %rd15;
            add.u32 %r2, %r2, %r4;
            """ + "\n" + Out;
        Assert.Equal(62u, Ptx.Passes(body, Variables)[31]);
    }

    [Fact]
    public void Four_words_of_shared_memory_come_in_their_order()
    {
        string body = """
            mul.wide.u32 %rd9, %r1, 16;
            mov.b64 %rd10, s;
            add.u64 %rd10, %rd10, %rd9;
            mul.lo.u32 %r3, %r1, 1000;
            add.u32 %r4, %r3, 1;
            add.u32 %r5, %r3, 20;
            add.u32 %r6, %r3, 300;
            st.shared.v4.b32 [%rd10], {%r3, %r4, %r5, %r6};
            ld.shared.v4.b32 {%r7, %r8, %r9, %r10}, [%rd10];
            mad.lo.u32 %r2, %r8, 3, %r7;
            mad.lo.u32 %r2, %r9, 5, %r2;
            mad.lo.u32 %r2, %r10, 7, %r2;
            """ + "\n" + Out;
        Assert.Equal(
            Enumerable.Range(0, 32).Select(i => (uint)((16000 * i) + 3 + 100 + 2100)), Ptx.Passes(body, Variables));
    }

    [Fact]
    public void Two_words_of_shared_memory_come_in_their_order()
    {
        string body = """
            mul.wide.u32 %rd9, %r1, 8;
            mov.b64 %rd10, s;
            add.u64 %rd10, %rd10, %rd9;
            add.u32 %r3, %r1, 1;
            st.shared.b32 [%rd10], %r1;
            st.shared.b32 [%rd10+4], %r3;
            ld.shared.v2.b32 {%r4, %r5}, [%rd10];
            mad.lo.u32 %r2, %r5, 100, %r4;
            """ + "\n" + Out;
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (uint)((101 * i) + 100)), Ptx.Passes(body, Variables));
    }

    [Theory]
    [InlineData("add.u32", 100, 5, 105)]
    [InlineData("add.s32", 100, 5, 105)]
    [InlineData("min.u32", 100, 5, 5)]
    [InlineData("min.s32", 100, 0xffffffff, 0xffffffff)]
    [InlineData("max.u32", 100, 0xffffffff, 0xffffffff)]
    [InlineData("max.s32", 100, 0xffffffff, 100)]
    [InlineData("and.b32", 6, 3, 2)]
    [InlineData("or.b32", 6, 3, 7)]
    [InlineData("xor.b32", 6, 3, 5)]
    [InlineData("inc.u32", 6, 6, 0)]
    [InlineData("inc.u32", 5, 6, 6)]
    [InlineData("dec.u32", 0, 6, 6)]
    [InlineData("dec.u32", 5, 6, 4)]
    [InlineData("exch.b32", 5, 6, 6)]
    [InlineData("cas.b32", 5, 5, 9)]
    [InlineData("cas.b32", 5, 6, 5)]
    public void Atomics(string operation, uint old, uint operand, uint expected)
    {
        foreach (string space in new[] { "global", "shared" })
        {
            string place = space == "global" ? "[%rd3]" : "[s]";
            string third = operation.StartsWith("cas", StringComparison.Ordinal) ? ", 9" : "";
            string one = $"setp.ne.u32 %p1, %r1, 0;\n@%p1 ret;\nst.{space}.u32 {place}, {old};\n";
            // ILGPU puts the space behind the operation; both orders must do.
            string[] parts = operation.Split('.');
            foreach (string form in new[] { $"atom.{space}.{operation}", $"atom.{parts[0]}.{space}.{parts[1]}" })
            {
                string body = one + $"{form} %r5, {place}, {operand}{third};\nld.{space}.u32 %r2, {place};\n"
                    + "shl.b32 %r5, %r5, 16;\nxor.b32 %r2, %r2, %r5;\n" + Out;
                Assert.Equal(expected ^ (old << 16), Ptx.Passes(body, Variables)[0]);
            }

            if (parts[0] is "exch" or "cas")
                continue;
            foreach (string form in new[] { $"red.{space}.{operation}", $"red.{parts[0]}.{space}.{parts[1]}" })
            {
                string body = one + $"{form} {place}, {operand};\nld.{space}.u32 %r2, {place};\n" + Out;
                Assert.Equal(expected, Ptx.Passes(body, Variables)[0]);
            }
        }
    }

    [Fact]
    public void Parameters_of_every_type_lie_where_a_C_struct_has_them()
    {
        string text = """
            .version 7.8
            .target sm_80
            .address_size 64
            .visible .entry k(.param .b64 out, .param .b8 small, .param .f32 x, .param .b16 h, .param .f64 d,
                .param .align 8 .b8 s[24])
            {
                .reg .b32 %r<9>; .reg .b64 %rd<9>; .reg .f32 %f<3>; .reg .f64 %fd<3>; .reg .b16 %h<3>;
                ld.param.b64 %rd1, [out];
                ld.param.u8 %r1, [small];
                st.global.b32 [%rd1], %r1;
                ld.param.f32 %f1, [x];
                st.global.f32 [%rd1+4], %f1;
                ld.param.b16 %h1, [h];
                cvt.u32.u16 %r2, %h1;
                st.global.b32 [%rd1+8], %r2;
                ld.param.f64 %fd1, [d];
                st.global.f64 [%rd1+16], %fd1;
                ld.param.b64 %rd2, [s+8];
                ld.param.b32 %r3, [s+20];
                cvt.u32.u64 %r4, %rd2;
                st.global.b32 [%rd1+24], %r4;
                st.global.b32 [%rd1+28], %r3;
                ret;
            }
            """;
        using var memory = new DeviceMemory();
        DeviceBuffer b = memory.Allocate(32, "b", initialized: true);
        PtxEntry entry = PtxModule.Parse(text).Entry("k");
        Assert.Equal([0, 8, 12, 16, 24, 32], entry.Parameters.Select(p => p.Offset));
        var options = new LaunchOptions
        {
            Block = 1,
            Parameters =
            [
                BitConverter.GetBytes(b.Address), [200], BitConverter.GetBytes(1.5f), BitConverter.GetBytes((ushort)7),
                BitConverter.GetBytes(2.5), [.. Enumerable.Range(0, 24).Select(i => (byte)i)],
            ],
        };
        Emulator.Launch(entry, memory, options);
        Assert.Equal([200u, 0x3fc00000, 7, 0, 0, 0x40040000, 0x0b0a0908, 0x17161514], b.Read<uint>(8));
    }

    [Fact]
    public void Lanes_take_their_tickets_in_turn()
    {
        string body = "st.shared.u32 [s], 0;\n";
        body = "setp.ne.u32 %p1, %r1, 0;\n@!%p1 " + body + "bar.sync 0;\natom.shared.add.u32 %r2, [s], 2;\n" + Out;
        Assert.Equal(Enumerable.Range(0, 32).Select(i => 2 * (uint)i), Ptx.Passes(body, Variables));
        Assert.Equal(63, Ptx.Passes(body, Variables, threads: 64, words: 64).Max() / 2.0);
    }

    [Fact]
    public void Async_copies_arrive_with_the_wait()
    {
        string copy = """
            mul.wide.u32 %rd9, %r1, 16;
            mov.b64 %rd10, s;
            add.u64 %rd10, %rd10, %rd9;
            add.u64 %rd11, %rd1, %rd9;
            cp.async.cg.shared.global [%rd10], [%rd11], 16;
            cp.async.commit_group;
            WAIT
            ld.shared.u32 %r2, [%rd10];
            """ + "\n" + Out;
        foreach (string wait in new[] { "cp.async.wait_group 0;", "cp.async.wait_all;" })
        {
            string body = copy.Replace("WAIT", wait, StringComparison.Ordinal);
            Assert.Equal(Input[4 * 31], Ptx.Passes(body, Variables, input: Input)[31]);
        }

        foreach (string early in new[] { "", "cp.async.wait_group 1;" })
        {
            PtxException error = Ptx.Fails(copy.Replace("WAIT", early, StringComparison.Ordinal), Variables);
            Assert.Equal(PtxError.UninitialisedMemory, error.Error);
        }
    }
}
