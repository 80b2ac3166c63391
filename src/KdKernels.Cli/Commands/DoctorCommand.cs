using System.CommandLine;
using KdKernels.Cli.Doctor;
using KdKernels.Cli.Output;

namespace KdKernels.Cli.Commands;

/// <summary><c>kd doctor</c>: what this machine has, what it lacks, and what to do about it.</summary>
internal static class DoctorCommand
{
    public static Command Create(CliConsole console)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object on one line." };
        var command = new Command(
            "doctor", "Says what this machine has for training, what is missing, and how to get it.") { json };
        command.SetAction(parsed =>
        {
            IReadOnlyList<Finding> findings = Examination.Run(console.Environment);
            bool works = !findings.Any(finding => finding is { Present: false, Needed: true });
            console.Out.WriteLine(parsed.GetValue(json)
                ? JsonLine.Of(new DoctorOutcome(works, findings), JsonLine.Types.DoctorOutcome)
                : DoctorText.Of(findings, works));
            return works ? ExitCode.Done : ExitCode.Unavailable;
        });
        return command;
    }
}
