using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods;

/// <summary>What a method can know when it is made: its settings, the networks and the shapes of their layers.</summary>
internal sealed class MethodContext
{
    private readonly Lazy<IReadOnlyDictionary<string, long[]>> studentShapes;
    private readonly Lazy<IReadOnlyDictionary<string, long[]>> teacherShapes;

    public MethodContext(
        MethodRecipe method, LearningTask task, string studentModel, nn.Module<Tensor, Tensor> student, TeacherNetwork? teacher)
    {
        Method = method;
        Task = task;
        StudentModel = studentModel;
        Student = student;
        OptionalTeacher = teacher;
        studentShapes = new(() => Shapes(student));
        teacherShapes = new(() => Shapes(Teacher.Network));
    }

    public MethodRecipe Method { get; }

    public MethodSettings Settings => Method.Settings;

    public LearningTask Task { get; }

    public string StudentModel { get; }

    public nn.Module<Tensor, Tensor> Student { get; }

    public TeacherNetwork? OptionalTeacher { get; }

    public TeacherNetwork Teacher => OptionalTeacher ?? throw Refuse($"{Method.Name} needs a teacher but the recipe has none");

    /// <summary>Of this training.</summary>
    public required ulong Seed { get; init; }

    public required Device Device { get; init; }

    /// <summary>Shape of a student's layer without the batch.</summary>
    /// <exception cref="RecipeException">There is no such layer; the message names those that there are.</exception>
    public long[] StudentShape(string layer) => Find(studentShapes.Value, layer, StudentModel, "student");

    /// <summary>Shape of a teacher's layer without the batch.</summary>
    /// <exception cref="RecipeException">There is no such layer; the message names those that there are.</exception>
    public long[] TeacherShape(string layer) => Find(teacherShapes.Value, layer, Teacher.Model, "teacher");

    /// <summary>The layers that two list settings name, paired by position. Left empty, the stages of both networks,
    /// first with first.</summary>
    /// <exception cref="RecipeException">The lists have different lengths, or a network has no stages.</exception>
    public IReadOnlyList<LayerPair> LayerPairs(string studentKey, string teacherKey)
    {
        IReadOnlyList<string> student = Settings.Names(studentKey);
        IReadOnlyList<string> teacher = Settings.Names(teacherKey);
        if (student.Count == 0 && teacher.Count == 0)
        {
            (student, teacher) = (StagesOf(Student, StudentModel), StagesOf(Teacher.Network, Teacher.Model));
            int shared = Math.Min(student.Count, teacher.Count);
            (student, teacher) = ([.. student.Take(shared)], [.. teacher.Take(shared)]);
        }

        return student.Count == teacher.Count
            ? [.. student.Zip(teacher, (own, other) => new LayerPair(own, StudentShape(own), other, TeacherShape(other)))]
            : throw Refuse(
                $"expected as many layers in {studentKey} as in {teacherKey} but got {student.Count} and {teacher.Count}");
    }

    /// <summary>The layer that a text setting names; left empty, the network's features before its classifier.</summary>
    public string LayerOrFeatures(string key, bool ofTeacher)
    {
        string stated = Settings.Text(key);
        (nn.Module<Tensor, Tensor> network, string model) = ofTeacher ? (Teacher.Network, Teacher.Model) : (Student, StudentModel);
        return stated.Length > 0
            ? stated
            : network is ITappedModel { FeatureLayer.Length: > 0 } tapped
                ? tapped.FeatureLayer
                : throw Refuse($"{model} does not say which layer has its features: name one in {key}");
    }

    public RecipeException Refuse(string problem, string? key = null) =>
        new($"{Method.Name}", 0, key is null ? "distill" : $"distill.{key}", problem);

    private IReadOnlyList<string> StagesOf(nn.Module network, string model) => network is ITappedModel { StageLayers.Count: > 0 } tapped
        ? tapped.StageLayers
        : throw Refuse($"{model} has no stages that are feature maps: name layers, one of {string.Join(", ", NetworkTaps.Available(network))}");

    private long[] Find(IReadOnlyDictionary<string, long[]> shapes, string layer, string model, string side) =>
        shapes.TryGetValue(layer, out long[]? shape)
            ? shape
            : throw Refuse($"expected a layer of the {side} {model}, one of {string.Join(", ", shapes.Keys)}, but got '{layer}'");

    private Dictionary<string, long[]> Shapes(nn.Module<Tensor, Tensor> network)
    {
        using var evaluation = new EvaluationMode(network);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var taps = new NetworkTaps(network, NetworkTaps.Available(network));
        IBatches batches = Task.TrainingBatches(new AugmentRecipe(), batchSize: 2, seed: 0, Device);
        network.call(batches.Load([0, 1], epoch: 0).Inputs);
        return taps.Take().ToDictionary(entry => entry.Key, entry => entry.Value.shape[1..], StringComparer.Ordinal);
    }
}

/// <summary>A layer of the student and the layer of the teacher that it is compared with; shapes without the batch.</summary>
internal sealed record LayerPair(string Student, long[] StudentShape, string Teacher, long[] TeacherShape);
