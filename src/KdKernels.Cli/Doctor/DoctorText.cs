using System.Text;

namespace KdKernels.Cli.Doctor;

/// <summary>Findings as lines: state, name, detail, and under what is missing the remedy.</summary>
internal static class DoctorText
{
    public static string Of(IReadOnlyList<Finding> findings, bool works)
    {
        int width = findings.Max(finding => finding.Name.Length);
        var text = new StringBuilder();
        foreach (Finding finding in findings)
        {
            string state = finding.Present ? "ok     " : "missing";
            text.Append($"{state}  {finding.Name.PadRight(width)}  {finding.Detail}\n");
            if (!finding.Present && finding.Remedy.Length > 0)
                text.Append(' ', 9 + width + 2).Append(finding.Remedy).Append('\n');
        }

        text.Append(works ? "\nReady to train." : "\nCannot train: see what is missing above.");
        return text.ToString();
    }
}
