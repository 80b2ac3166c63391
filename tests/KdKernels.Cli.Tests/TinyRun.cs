namespace KdKernels.Cli.Tests;

/// <summary>An experiment of a second: two seeds, few images, one epoch.</summary>
internal static class TinyRun
{
    public const int HeldOut = 100;

    public static string[] Arguments(string output) =>
    [
        "train", "-o", output,
        "-s", "seeds=2",
        "-s", "data.train=200",
        "-s", $"data.test={HeldOut}",
        "-s", "teacher.model=convnet-small",
        "-s", "teacher.solver.epochs=1",
        "-s", "student.model=mlp-small",
        "-s", "student.solver.epochs=1",
        "-s", "evaluation.bootstrap=200",
    ];
}
