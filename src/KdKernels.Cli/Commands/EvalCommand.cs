using System.CommandLine;
namespace KdKernels.Cli.Commands;
internal static class EvalCommand
{
    public static Command Create(CliConsole console) => new("eval", "x");
}
