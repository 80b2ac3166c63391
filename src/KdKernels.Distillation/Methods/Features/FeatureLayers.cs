using KdKernels.Distillation.Models;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.Features;

/// <summary>Which layers methods on features compare, and what they need of their shapes.</summary>
internal static class FeatureLayers
{
    /// <summary>The keys of the two lists of layers.</summary>
    public const string StudentKey = "student-layers";

    public const string TeacherKey = "teacher-layers";

    /// <summary>The two lists of layers; both empty by default, which stands for the stages.</summary>
    public static IReadOnlyList<MethodSetting> Settings =>
    [
        MethodSetting.Names(StudentKey, [], "layers of the student; empty: its stages"),
        MethodSetting.Names(TeacherKey, [], "the teacher's layer for each of them; empty: its stages, first with first"),
    ];

    /// <summary>As <see cref="MethodContext.LayerPairs"/>, of feature maps <c>[C, H, W]</c> only.</summary>
    public static IReadOnlyList<LayerPair> Maps(MethodContext context)
    {
        IReadOnlyList<LayerPair> pairs = context.LayerPairs(StudentKey, TeacherKey);
        foreach (LayerPair pair in pairs)
        {
            if (pair.StudentShape.Length != 3 || pair.TeacherShape.Length != 3)
            {
                throw context.Refuse(
                    $"expected feature maps [C, H, W] of both networks but got {Words(pair)}",
                    pair.StudentShape.Length == 3 ? TeacherKey : StudentKey);
            }
        }

        return pairs;
    }

    /// <summary>As <see cref="MethodContext.LayerPairs"/>, but where a network has no stages: one pair, of that network's
    /// features and of the other one's last stage (its features, where the teacher is the one without stages).</summary>
    public static IReadOnlyList<LayerPair> StagesOrFeatures(MethodContext context)
    {
        bool stated = context.Settings.Names(StudentKey).Count > 0 || context.Settings.Names(TeacherKey).Count > 0;
        bool studentHas = HasStages(context.Student), teacherHas = HasStages(context.Teacher.Network);
        if (stated || (studentHas && teacherHas)
            || context.Student is not ITappedModel student || context.Teacher.Network is not ITappedModel teacher)
        {
            return context.LayerPairs(StudentKey, TeacherKey);
        }

        string other = teacherHas ? teacher.StageLayers[^1] : teacher.FeatureLayer;
        return
        [
            new LayerPair(
                student.FeatureLayer, context.StudentShape(student.FeatureLayer), other, context.TeacherShape(other)),
        ];
    }

    /// <summary>A pair as messages say it.</summary>
    public static string Words(LayerPair pair) =>
        $"{pair.Student} of the student, {Words(pair.StudentShape)}, and {pair.Teacher} of the teacher, {Words(pair.TeacherShape)}";

    public static string Words(long[] shape) => $"[{string.Join(", ", shape)}]";

    /// <summary>Maps of two sizes brought to the smaller height and the smaller width by adaptive average pooling.</summary>
    public static (Tensor Student, Tensor Teacher) SameSize(Tensor student, Tensor teacher)
    {
        if (student.dim() != 4 || teacher.dim() != 4)
        {
            return (student, teacher);
        }

        long height = Math.Min(student.shape[2], teacher.shape[2]);
        long width = Math.Min(student.shape[3], teacher.shape[3]);
        return (Pooled(student), Pooled(teacher));

        Tensor Pooled(Tensor map) => map.shape[2] == height && map.shape[3] == width
            ? map
            : nn.functional.adaptive_avg_pool2d(map, [height, width]);
    }

    private static bool HasStages(nn.Module network) => network is ITappedModel { StageLayers.Count: > 0 };
}
