using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;

namespace KdKernels.Distillation.Tests.Training;

/// <summary>A finished run that traces three epochs and two layers; tests only read it.</summary>
public sealed class TracedSample : IDisposable
{
    internal static readonly string[] Settings =
    [
        "student.solver.epochs=6", "trace.epochs=[0, 1, 3]", "trace.layers=[stage1, classifier]",
    ];

    private readonly string root = Directory.CreateTempSubdirectory("kd-traced").FullName;

    public TracedSample()
    {
        Path = System.IO.Path.Combine(root, "run");
        Recipe = TrainingSample.Recipe(Settings);
        Result = TrainingSample.Run(Recipe, Path);
    }

    public string Path { get; }

    public Recipe Recipe { get; }

    public ExperimentResult Result { get; }

    /// <summary>A copy that a test may spoil.</summary>
    internal string Copy(string target)
    {
        foreach (string file in Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories))
        {
            string copy = System.IO.Path.Combine(target, System.IO.Path.GetRelativePath(Path, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return target;
    }

    public void Dispose() => Directory.Delete(root, recursive: true);
}
