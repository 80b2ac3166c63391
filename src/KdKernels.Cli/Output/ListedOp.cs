using System.Text;
using KdKernels.Cli.Ops;

namespace KdKernels.Cli.Output;

/// <summary>An op as <c>kd op list</c> shows it.</summary>
internal sealed record ListedOp(
    string Name,
    string Description,
    IReadOnlyList<OpInput> Inputs,
    IReadOnlyList<OpSetting> Settings,
    IReadOnlyList<OpOutput> Outputs,
    string Contract)
{
    private const int Width = 100;
    private const int Indent = 12;

    public static ListedOp Of(OpDefinition op) =>
        new(op.Name, op.Summary, op.Inputs, op.Settings, op.Outputs, op.Contract);

    /// <summary>The op as a paragraph.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.Append(Name).Append('\n');
        Block("", [Description]);
        Block("inputs", Inputs.Select(Line));
        Block("settings", Settings.Select(Line));
        Block("outputs", Outputs.Select(output => $"{output.Name}: {output.Shape}"));
        Block("contract", [Contract]);
        return text.ToString();

        void Block(string title, IEnumerable<string> lines)
        {
            string head = title;
            foreach (string line in lines.SelectMany(line => TextWrap.Lines(line, Width - Indent)))
            {
                text.Append("  ").Append(head.PadRight(Indent - 2)).Append(line).Append('\n');
                head = "";
            }
        }
    }

    private static string Line(OpInput input)
    {
        string kind = input.Kind == OpInputKind.Float ? "" : $" ({(input.Kind == OpInputKind.Mask ? "mask" : "integers")})";
        return $"{input.Name} {input.Shape}{kind}: {input.Description}{(input.Optional ? "; optional" : "")}"
            + (input.Differentiable ? "; gets a gradient" : "");
    }

    private static string Line(OpSetting setting)
    {
        string value = setting.Default is null ? $"{setting.Name} (required)" : $"{setting.Name}={setting.Default}";
        string choices = setting.Choices is null ? "" : $" ({string.Join("|", setting.Choices)})";
        return $"{value}: {setting.Description}{choices}";
    }
}
