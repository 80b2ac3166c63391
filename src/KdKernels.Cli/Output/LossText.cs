using System.Globalization;
using System.Text;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Output;

/// <summary>A recipe's loss in words and numbers.</summary>
internal static class LossText
{
    public static string Of(LossExplanation loss)
    {
        var text = new StringBuilder();
        text.Append($"{loss.Recipe}: {string.Join(" + ", loss.Methods)}; numbers from one batch of {loss.BatchSize}, {loss.Networks}\n");
        bool staged = loss.Terms.Any(term => term.Stage > 1);
        foreach (ExplainedTerm term in loss.Terms)
        {
            TermContract contract = term.Contract;
            text.Append($"\n{term.Method}: {contract.Term}{(staged ? $" (stage {term.Stage})" : "")}\n")
                .Append($"  sum        {contract.Numerator}\n")
                .Append($"  divided by {contract.Divisor}\n")
                .Append($"  times      {(contract.TemperaturePower == 0 ? "" : $"T^{contract.TemperaturePower}, ")}weight {contract.Weight}\n")
                .Append($"  gradient   {contract.Gradient}\n");
            if (contract.Detached.Length > 0)
                text.Append($"  detached   {contract.Detached}\n");
            text.Append(CultureInfo.InvariantCulture, $"  here       value {term.Value:G4}");
            if (term.GradientScale is { } scale)
                text.Append(CultureInfo.InvariantCulture, $", gradient {scale:G3} (root mean square per element of {term.GradientAt})");
            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }
}
