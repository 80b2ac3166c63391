using System.Globalization;
using System.Text;

namespace KdKernels.PtxEmulator.Tests;

/// <summary>The table of instructions, operands and exact results in InstructionCases.txt.</summary>
internal sealed record InstructionCase(string Form, char Kind, string[] Operands, ulong Expected)
{
    public static readonly ILookup<string, InstructionCase> All = Read().ToLookup(c => c.Form, StringComparer.Ordinal);

    private static readonly Dictionary<char, (string Type, string Store)> Kinds = new()
    {
        ['h'] = ("b16", "b16"),
        ['r'] = ("b32", "b32"),
        ['l'] = ("b64", "b64"),
        ['f'] = ("f32", "f32"),
        ['d'] = ("f64", "f64"),
        ['p'] = ("pred", "b32"),
    };

    /// <summary>What lies in the result register before, and must stay there in lanes that do not take part.</summary>
    public static ulong Before(char kind) => kind switch
    {
        'p' => 1,
        'h' => 0x5a5a,
        'r' or 'f' => 0x5a5a5a5a,
        _ => 0x5a5a5a5a5a5a5a5a,
    };

    /// <summary>A kernel that runs all cases of one form; lanes where the mask is 0 sit each instruction out.</summary>
    public static string Kernel(string form, uint mask)
    {
        var body = new StringBuilder("mov.u32 %r1, %tid.x;\nmul.wide.u32 %rd4, %r1, 8;\nadd.u64 %rd4, %rd2, %rd4;\n");
        body.Append(CultureInfo.InvariantCulture,
            $"shr.u32 %r2, {mask}, %r1;\nand.b32 %r2, %r2, 1;\nsetp.eq.u32 %p1, %r2, 1;\n");
        foreach ((InstructionCase row, int i) in All[form].Select((c, i) => (c, i)))
        {
            body.AppendLine("{").AppendLine(Declare(row.Kind, "d", Before(row.Kind)));
            var names = new List<string>();
            foreach (string operand in row.Operands)
            {
                if (operand[0] == '#')
                {
                    names.Add(operand[1..]);
                    continue;
                }

                names.Add($"o{names.Count}");
                body.AppendLine(Declare(operand[0], names[^1],
                    ulong.Parse(operand.AsSpan(2), NumberStyles.AllowHexSpecifier)));
            }

            string guard = mask == uint.MaxValue ? "" : "@%p1 ";
            body.AppendLine(CultureInfo.InvariantCulture, $"{guard}{form} d, {string.Join(", ", names)};");
            if (row.Kind == 'p')
                body.AppendLine(".reg .b32 s; selp.b32 s, 1, 0, d;");
            string result = row.Kind == 'p' ? "s" : "d";
            body.AppendLine(CultureInfo.InvariantCulture,
                $"st.global.{Kinds[row.Kind].Store} [%rd4+{256 * i}], {result};").AppendLine("}");
        }

        return $$"""
            .version 7.8
            .target sm_90
            .address_size 64
            .visible .entry k(.param .b64 a, .param .b64 b, .param .b64 c)
            {
            {{Ptx.Registers}}
            ld.param.b64 %rd2, [b];
            {{body}}
            ret;
            }
            """;
    }

    private static string Declare(char kind, string name, ulong bits)
    {
        string type = Kinds[kind].Type;
        return kind switch
        {
            'p' => $".reg .pred {name}; .reg .b32 b{name}; mov.b32 b{name}, {bits}; setp.ne.b32 {name}, b{name}, 0;",
            'f' => $".reg .f32 {name}; mov.f32 {name}, 0f{bits:X8};",
            'd' => $".reg .f64 {name}; mov.f64 {name}, 0d{bits:X16};",
            _ => $".reg .{type} {name}; mov.{type} {name}, 0x{bits:X};",
        };
    }

    private static IEnumerable<InstructionCase> Read()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "InstructionCases.txt");
        foreach (string line in File.ReadLines(path).Where(l => !l.StartsWith('#')))
        {
            string[] parts = line.Split('|', StringSplitOptions.TrimEntries);
            yield return new InstructionCase(parts[0], parts[1][0], parts[2].Split(' '),
                ulong.Parse(parts[3], NumberStyles.AllowHexSpecifier));
        }
    }
}
