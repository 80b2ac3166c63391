using System.Text;
using KdKernels.Analysis.Claims;
using KdKernels.Distillation.Reporting;

namespace KdKernels.Cli.Output;

/// <summary>A claim as <c>kd claims list</c> shows it.</summary>
/// <param name="Name">As commands write it.</param>
/// <param name="Hypothesis">One sentence.</param>
/// <param name="Paper">Where it was claimed.</param>
/// <param name="Needs">Data.</param>
/// <param name="Minutes">Of the reduced setting.</param>
/// <param name="FullMinutes">Of the full setting.</param>
/// <param name="Seeds">Paired repeats where none are asked for.</param>
/// <param name="Reduced">What the reduced setting is.</param>
/// <param name="Full">What the full one is.</param>
internal sealed record ListedClaim(
    string Name,
    string Hypothesis,
    string Paper,
    string Needs,
    double Minutes,
    double FullMinutes,
    int Seeds,
    string Reduced,
    string Full)
{
    private const int Width = 100;
    private const int Indent = 12;

    public static ListedClaim Of(Claim claim) => new(
        claim.Name,
        claim.Hypothesis,
        claim.Paper,
        claim.Needs,
        claim.Minutes,
        claim.FullMinutes,
        claim.Seeds,
        claim.Reduced,
        claim.Full);

    /// <summary>The claim as a paragraph.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.Append(Name).Append('\n');
        Block("claimed", Hypothesis);
        Block("paper", Paper);
        Block("needs", Needs);
        Block("reduced", $"about {Figures.Duration(60 * Minutes)}. {Reduced}");
        Block("--full", $"about {Figures.Duration(60 * FullMinutes)}. {Full}");
        return text.ToString();

        void Block(string title, string content)
        {
            string head = title;
            foreach (string line in TextWrap.Lines(content, Width - Indent))
            {
                text.Append("  ").Append(head.PadRight(Indent - 2)).Append(line).Append('\n');
                head = "";
            }
        }
    }
}
