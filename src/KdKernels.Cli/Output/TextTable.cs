using System.Text;

namespace KdKernels.Cli.Output;

/// <summary>Columns of text, as wide as their widest cell: the same on a terminal and in a file.</summary>
/// <param name="headers">Column titles; one that begins with <c>&gt;</c> aligns its column to the right.</param>
internal sealed class TextTable(params string[] headers)
{
    private readonly List<string[]> _rows = [];

    /// <summary>What stands between two columns.</summary>
    public string Gap { get; init; } = "   ";

    /// <summary>Adds a row; null adds none.</summary>
    public TextTable Row(params string[]? cells)
    {
        if (cells is not null)
            _rows.Add(cells);
        return this;
    }

    public override string ToString()
    {
        bool[] right = [.. headers.Select(header => header.StartsWith('>'))];
        string[] titles = [.. headers.Select(header => header.TrimStart('>'))];
        int[] widths =
            [.. titles.Select((title, column) => _rows.Select(row => row[column].Length).Append(title.Length).Max())];
        var text = new StringBuilder();
        foreach (string[] row in _rows.Prepend(titles))
        {
            IEnumerable<string> cells = row.Select((cell, column)
                => right[column] ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]));
            text.Append("  ").Append(string.Join(Gap, cells).TrimEnd()).Append('\n');
        }

        return text.ToString();
    }
}
