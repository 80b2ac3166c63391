using System.Text.Json.Nodes;
using KdKernels.Distillation.Formats;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Methods.Jacobians;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Tests.Training;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary>The second head, and the bound of what it can be worth.</summary>
[Collection(TorchTests.Name)]
public sealed class LwfMethodTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("kd-lwf").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData(2, 0)]
    [InlineData(5, 0.3)]
    public void The_second_head_learns_the_teachers_probabilities(double temperature, double noise)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("lwf", settings:
            [("temperature", (ScheduledValue)temperature), ("noise", noise), ("weight", (ScheduledValue)0.6)]);
        Dictionary<string, Tensor> head = sample.Method.Parts!.state_dict();
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(ops: ops, step: 1);
            Tensor actual = MethodSample.Total(sample.Method.Terms(step));

            Tensor Divergence(Tensor features, Tensor teacher)
            {
                Tensor p = nn.functional.softmax(teacher / temperature, 1);
                Tensor q = nn.functional.log_softmax((features.mm(head["weight"].t()) + head["bias"]) / temperature, 1);
                return (p * (p.log() - q)).sum() * (temperature * temperature / 6);
            }

            Tensor expected = Divergence(step.Student.Tap("features"), step.Teacher.Output) * 0.6;
            if (noise > 0)
            {
                long[] shape = step.Batch.Inputs.shape;
                Tensor normals = NoiseProbeComposed.Noise([6, 1, .. shape[1..]], new NoiseProbeOptions(step.Seed, 1));
                Tensor images = step.Batch.Inputs + normals.squeeze(1).to(ScalarType.Float64) * noise;
                using var evaluation = new EvaluationMode(sample.Student);
                using var taps = new NetworkTaps(sample.Student, ["features"]);
                sample.Student.call(images);
                expected = (expected + Divergence(taps.Take()["features"], sample.Teacher.call(images).detach()) * 0.6) / 2;
            }

            sample.AssertSame(expected, actual);
            IReadOnlyList<Tensor?> gradients = sample.Gradients(actual);
            Assert.True(gradients[0]!.abs().max().item<double>() > 0, "the first convolution learns nothing");
            Assert.True(gradients[^2]!.abs().max().item<double>() > 0, "the second head learns nothing");
        }
    }

    [Fact]
    public void The_teacher_may_have_other_classes_but_not_other_images()
    {
        using var scope = NewDisposeScope();
        ImageClassification task = ImageClassification.Load(new DataRecipe { Name = "shapes", Train = 60, Test = 20 }, "sample");
        using nn.Module<Tensor, Tensor> student = task.CreateNetwork("convnet-small", seed: 1, CPU);
        using var teacher = new Mlp(classes: 7, channels: 3, imageSize: 32, hidden: 8);
        var distill = new DistillRecipe { Methods = [MethodRecipe.Default("lwf")] };
        IReadOnlyList<MethodInstance> Make(LearningTask? source) => MethodFactory.Create(
            distill, task, "convnet-small", student, new TeacherNetwork("teacher", "mlp-small", teacher, 7, null) { Source = source },
            seed: 3, CPU);

        using DistillationMethod method = Make(null).Single().Method;
        Assert.Equal(7, method.Parts!.state_dict()["weight"].shape[0]);
        RecipeException error = Assert.Throws<RecipeException>(() => Make(Small()));
        Assert.Contains("inputs of 3x8x8, but has to look at", error.Message, StringComparison.Ordinal);
        RecipeException layer = Assert.Throws<RecipeException>(() => MethodSample.Create("lwf", settings: [("features", "stage9")]));
        Assert.Contains("but got 'stage9'", layer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_students_result_says_what_the_bound_is()
    {
        string path = Path.Combine(root, "run");
        Recipe recipe = TrainingSample.Recipe(
            "method=lwf", "student.per-class=2", "student.solver.epochs=2", "student.solver.batch-size=10", "student.model=convnet-small");
        ExperimentResult result = TrainingSample.Run(recipe, path);
        IReadOnlyDictionary<string, double> figures = result.Distilled[0].HeldOut.Extra!;

        Assert.True(figures["source-target Hausdorff distance"] > 1);
        Assert.True(figures["Lipschitz estimate"] > 0);
        Assert.Equal(
            figures["largest logit distance on target"] + figures["Lipschitz estimate"] * figures["source-target Hausdorff distance"],
            figures["bound"],
            1e-9 * figures["bound"]);
        Assert.InRange(figures["mean logit distance on source"], 1e-6, figures["bound"]);
        Assert.Null(result.Plain[0].HeldOut.Extra);
        JsonNode summary = JsonNode.Parse(File.ReadAllText(Path.Combine(path, "summary.json")))!;
        Assert.Equal(figures["bound"], summary["distilled"]![0]!["held_out"]!["extra"]!["bound"]!.GetValue<double>());
        Assert.Equal(figures, TrainingSample.Run(recipe, path).Distilled[0].HeldOut.Extra!);
    }

    [Fact]
    public void On_its_own_items_the_teacher_is_nowhere_far()
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("lwf", settings: [("bound-items", 50)]);
        sample.Student.to(ScalarType.Float32);
        sample.Teacher.to(ScalarType.Float32);
        sample.Method.Parts!.to(ScalarType.Float32);
        IReadOnlyDictionary<string, double> figures = sample.Method.Figures();
        Assert.Equal(0, figures["source-target Hausdorff distance"]);
        Assert.Equal(figures["largest logit distance on target"], figures["bound"]);
        Assert.True(sample.Student.training);

        using var silent = MethodSample.Create("lwf", settings: [("bound-items", 0)]);
        Assert.Empty(silent.Method.Figures());
    }

    [Fact]
    public void The_Hausdorff_distance_is_that_of_the_farthest_source_point()
    {
        using var scope = NewDisposeScope();
        Tensor source = tensor(new double[] { 0, 0, 3, 4, 1, 0 }).view(3, 2);
        Tensor target = tensor(new double[] { 3, 0, 0, 0 }).view(2, 2);
        (Tensor nearest, Tensor distances) = TransferBound.Nearest(source, target);
        Assert.Equal([1, 0, 1], nearest.data<long>().ToArray());
        Assert.Equal([0, 4, 1], distances.data<double>().ToArray());
        // From the other side: (3, 0) is 2 from (1, 0).
        Assert.Equal([2, 0], TransferBound.Nearest(target, source).Distances.data<double>().ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    public void Tiles_do_not_matter(int tile)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(8);
        Tensor source = randn([23, 3, 2, 2]) + 100;
        Tensor target = cat([randn([30, 3, 2, 2]) + 100, source.narrow(0, 4, 1)]);
        Tensor matrix = (source.flatten(1).unsqueeze(1) - target.flatten(1).unsqueeze(0)).to(ScalarType.Float64)
            .square().sum(2).sqrt();
        (Tensor nearest, Tensor distances) = TransferBound.Nearest(source, target, tile);
        Assert.Equal(matrix.argmin(1).data<long>().ToArray(), nearest.data<long>().ToArray());
        Assert.InRange((matrix.min(1).values - distances).abs().max().item<double>(), 0, 1e-4);
        Assert.Equal(0, distances[4].item<double>());
        Assert.Equal(30, nearest[4].item<long>());
    }

    [Fact]
    public void A_linear_functions_slope_is_the_length_of_its_weights()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(9);
        Tensor weights = randn([12], ScalarType.Float64);
        Tensor Linear(Tensor items) => (items.flatten(1) * weights).sum(1) + 100;
        Tensor source = randn([9, 3, 2, 2], ScalarType.Float64);
        Tensor target = randn([5, 3, 2, 2], ScalarType.Float64);
        double length = weights.square().sum().sqrt().item<double>();

        TransferBound bound = TransferBound.Of(Linear, source, target, tile: 4);

        Assert.Equal(length, bound.Lipschitz, 1e-9 * length);
        Assert.Equal(Linear(source).mean().item<double>(), bound.SourceMean, 1e-9);
        Assert.Equal(Linear(target).max().item<double>(), bound.TargetMax, 1e-9);
        Assert.Equal(bound.TargetMax + length * TransferBound.Nearest(source, target).Distances.max().item<double>(), bound.Bound, 1e-9 * bound.Bound);
    }

    [Fact]
    public void The_bound_holds_and_the_slope_of_a_linear_network_is_below_its_largest_singular_value()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(10);
        // Orthogonal rows: the singular values are their lengths.
        Tensor matrix = diag(tensor(new double[] { 3, 1, 0.5, 2 }));
        Tensor Norm(Tensor items) => items.mm(matrix).square().sum(1).sqrt();
        Tensor source = randn([40, 4], ScalarType.Float64) * 2;
        Tensor target = randn([6, 4], ScalarType.Float64) * 0.3;

        TransferBound bound = TransferBound.Of(Norm, source, target);

        Assert.InRange(bound.Lipschitz, 2.5, 3 + 1e-12);
        Assert.True(bound.SourceMean > bound.TargetMax, "the distance adds nothing to this bound");
        Assert.True(bound.SourceMean <= bound.Bound);
    }

    /// <summary>Grey pictures of other measures than Shapes.</summary>
    private ImageClassification Small()
    {
        foreach (string name in new[] { "x/1.png", "x/2.png", "x/3.png", "y/1.png", "y/2.png", "y/3.png" })
        {
            string path = Path.Combine(root, "images", name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, PngWriter.Encode(new byte[3 * 8 * 8], width: 8, height: 8, channels: 3));
        }

        return ImageClassification.Load(
            new DataRecipe { Name = "image-folder", Root = Path.Combine(root, "images"), ImageSize = 8 }, "sample");
    }
}
