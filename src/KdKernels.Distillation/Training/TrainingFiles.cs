using KdKernels.Distillation.Checkpoints;

namespace KdKernels.Distillation.Training;

/// <summary>Names of the files of a checkpoint.</summary>
internal static class TrainingFiles
{
    public const string Optimizer = "optimizer.dat";

    /// <summary>What methods train besides the network: adapters, heads, banks.</summary>
    public const string Parts = "parts.safetensors";

    public const string TeacherWeights = "teacher.safetensors";

    public const string StudentWeights = "student.safetensors";

    /// <summary>Parts are for a network, so that they have its signature under a name of their own.</summary>
    public static NetworkSignature PartsOf(NetworkSignature network) => network with { Model = network.Model + "+parts" };

    public static string WeightsOf(NetworkRole role) => role is NetworkRole.Teacher or NetworkRole.TeacherParts ? TeacherWeights : StudentWeights;
}
