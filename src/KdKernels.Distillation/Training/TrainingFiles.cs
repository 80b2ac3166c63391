namespace KdKernels.Distillation.Training;

/// <summary>Names of the files of a checkpoint.</summary>
internal static class TrainingFiles
{
    public const string Optimizer = "optimizer.dat";

    public const string TeacherWeights = "teacher.safetensors";

    public const string StudentWeights = "student.safetensors";

    public static string WeightsOf(NetworkRole role) => role == NetworkRole.Teacher ? TeacherWeights : StudentWeights;
}
