namespace KdKernels.PtxEmulator.Tests;

public sealed class InstructionTests
{
    public static TheoryData<string> Opcodes =>
        [.. InstructionCase.All.Select(g => g.Key.Split('.')[0]).Distinct().Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Opcodes))]
    public void Gives_the_exact_bits_in_the_lanes_that_take_part(string opcode)
    {
        var wrong = new List<string>();
        int checkedCases = 0;
        foreach (IGrouping<string, InstructionCase> form in Forms(opcode))
        {
            InstructionCase[] cases = [.. form];
            // Whole warps take other code than parts of one.
            foreach (uint mask in new[] { uint.MaxValue, 0x8000_ff03u })
            {
                ulong[] results = Run(form.Key, cases.Length, mask);
                for (int i = 0; i < results.Length; i++)
                {
                    InstructionCase row = cases[i / 32];
                    ulong expected = (mask >> (i % 32) & 1) != 0 ? row.Expected : InstructionCase.Before(row.Kind);
                    if (results[i] != expected)
                    {
                        wrong.Add($"{row.Form} {string.Join(' ', row.Operands)}: expected {expected:x} but got "
                            + $"{results[i]:x}, lane {i % 32}");
                    }

                    checkedCases++;
                }
            }
        }

        Assert.Empty(wrong);
        Assert.True(checkedCases >= 64);
    }

    private static IEnumerable<IGrouping<string, InstructionCase>> Forms(string opcode) =>
        InstructionCase.All.Where(g => g.Key.Split('.')[0] == opcode);

    private static ulong[] Run(string form, int cases, uint mask)
    {
        using var memory = new DeviceMemory();
        DeviceBuffer b = memory.Allocate(cases * 256L, "b", initialized: true);
        PtxEntry entry = PtxModule.Parse(InstructionCase.Kernel(form, mask)).Entry("k");
        Ptx.Run(entry, memory, new LaunchOptions(), b, b);
        return b.Read<ulong>(cases * 32);
    }
}
