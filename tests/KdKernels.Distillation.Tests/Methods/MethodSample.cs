using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary>
/// A method over two small networks in float64, and batches of generated images: what a test needs to compare its terms and
/// gradients with a composition of its own.
/// </summary>
internal sealed class MethodSample : IDisposable
{
    private readonly MethodInstance instance;
    private readonly NetworkTaps studentTaps;
    private readonly NetworkTaps teacherTaps;
    private readonly MethodDefinition definition;

    private MethodSample(
        LearningTask task, nn.Module<Tensor, Tensor> student, nn.Module<Tensor, Tensor> teacher, MethodInstance instance)
    {
        Task = task;
        Student = student;
        Teacher = teacher;
        this.instance = instance;
        definition = MethodCatalog.Find(instance.Recipe.Name)!;
        studentTaps = new NetworkTaps(student, Method.StudentTaps.Concat(task.Taps));
        teacherTaps = new NetworkTaps(teacher, Method.TeacherTaps);
    }

    public LearningTask Task { get; }

    /// <summary>In training mode.</summary>
    public nn.Module<Tensor, Tensor> Student { get; }

    /// <summary>In evaluation mode.</summary>
    public nn.Module<Tensor, Tensor> Teacher { get; }

    public DistillationMethod Method => instance.Method;

    public MethodSettings Settings => instance.Recipe.Settings;

    /// <summary>A method on ten classes of shapes, 32x32.</summary>
    /// <param name="name">The method's.</param>
    /// <param name="student">The student's model.</param>
    /// <param name="teacher">The teacher's model.</param>
    /// <param name="settings">Settings that differ from the defaults.</param>
    public static MethodSample Create(
        string name,
        string student = "convnet-small",
        string teacher = "convnet-medium",
        params (string Key, object Value)[] settings) => CreateOn("shapes", name, student, teacher, settings);

    /// <summary>A method on data of any task.</summary>
    public static MethodSample CreateOn(
        string data, string name, string student, string teacher, params (string Key, object Value)[] settings)
    {
        LearningTask task = TaskCatalog.Load(new DataRecipe { Name = data, Train = 60, Test = 20 }, "sample");
        nn.Module<Tensor, Tensor> studentNetwork = task.CreateNetwork(student, seed: 1, CPU);
        nn.Module<Tensor, Tensor> teacherNetwork = task.CreateNetwork(teacher, seed: 2, CPU);
        teacherNetwork.eval();
        MethodRecipe method = MethodRecipe.Default(name);
        foreach ((string key, object value) in settings)
        {
            method = method with { Settings = method.Settings.With(key, value) };
        }

        MethodInstance made = MethodFactory.Create(
            new DistillRecipe { Methods = [method] },
            task,
            student,
            studentNetwork,
            new TeacherNetwork("teacher", teacher, teacherNetwork, task.Classes, null),
            seed: 3,
            CPU).Single();
        studentNetwork.to(ScalarType.Float64);
        teacherNetwork.to(ScalarType.Float64);
        made.Method.Parts?.to(ScalarType.Float64);
        made.Method.TeacherParts?.to(ScalarType.Float64);
        return new MethodSample(task, studentNetwork, teacherNetwork, made);
    }

    /// <summary>Forward passes of both networks over a batch, in float64.</summary>
    /// <param name="rows">B.</param>
    /// <param name="ops">Kernels or composed operations.</param>
    /// <param name="labels">The labels' weight.</param>
    /// <param name="step">Steps done.</param>
    /// <param name="firstStage">Of a two-stage method.</param>
    public MethodStep Step(
        int rows = 6, DistillOps ops = DistillOps.Fused, double labels = 1, long step = 0, bool firstStage = false)
    {
        IBatches batches = Task.TrainingBatches(new AugmentRecipe(), rows, seed: 5, CPU);
        int[] indices = [.. Enumerable.Range(0, rows).Select(i => (i * 7 + (int)step * rows) % Task.TrainCount)];
        Batch batch = batches.Load(indices, epoch: 0);
        batch = batch with { Inputs = batch.Inputs.to(ScalarType.Float64) };
        Tensor inputs = Rotations.Expand(batch.Inputs, definition.Expansion);
        NetworkPass student = NetworkPass.Run(Student, studentTaps, inputs, rows);
        return new MethodStep(RunTeacher, labels)
        {
            Task = Task,
            Batch = batch,
            Inputs = inputs,
            Student = student,
            Epoch = step / 10.0,
            Step = step,
            Seed = 11,
            FirstStage = firstStage,
            Ops = ops,
        };

        NetworkPass RunTeacher()
        {
            using var noGrad = no_grad();
            return NetworkPass.Run(Teacher, teacherTaps, inputs, rows);
        }
    }

    /// <summary>What would be minimised, without the labels' own part.</summary>
    public static Tensor Total(IReadOnlyList<LossTerm> terms) =>
        terms.Select(term => term.Contribution).Aggregate((left, right) => left + right);

    /// <summary>The gradients of a scalar by all parameters of the student and of the method's parts; null where there is
    /// none.</summary>
    public IReadOnlyList<Tensor?> Gradients(Tensor loss)
    {
        Tensor[] parameters = [.. Student.parameters(), .. Method.Parts?.parameters() ?? []];
        return [.. autograd.grad([loss], parameters, retain_graph: true, allow_unused: true)];
    }

    /// <summary>Two scalars and their gradients agree to <paramref name="tolerance"/>, relative to the largest
    /// element.</summary>
    public void AssertSame(Tensor expected, Tensor actual, double tolerance = 1e-9)
    {
        double value = expected.item<double>();
        Assert.NotEqual(0, value);
        Assert.InRange(actual.item<double>() / value, 1 - tolerance, 1 + tolerance);
        IReadOnlyList<Tensor?> wanted = Gradients(expected);
        IReadOnlyList<Tensor?> got = Gradients(actual);
        double scale = wanted.Max(gradient => gradient is null ? 0 : gradient.abs().max().item<double>());
        Assert.True(scale > 0, "the expected gradient vanishes");
        for (int i = 0; i < wanted.Count; i++)
        {
            double difference = (wanted[i], got[i]) switch
            {
                (null, null) => 0,
                (null, { } only) => only.abs().max().item<double>(),
                ({ } only, null) => only.abs().max().item<double>(),
                ({ } left, { } right) => (left - right).abs().max().item<double>(),
            };
            Assert.True(difference <= tolerance * scale, $"gradient {i}: off by {difference} of {scale}");
        }
    }

    public void Dispose()
    {
        studentTaps.Dispose();
        teacherTaps.Dispose();
        Method.Dispose();
        Student.Dispose();
        Teacher.Dispose();
    }
}
