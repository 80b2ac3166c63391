using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Methods.Jacobians;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Tests.Training;
using KdKernels.Distillation.Training;
using TorchSharp;
using static KdKernels.Distillation.Tests.Methods.ImageDerivatives;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary>Methods on derivatives by the image against loops over single images in plain torch, in float64. A single image
/// cannot leak into another one, so that these tests are also the ones of batch norm.</summary>
[Collection(TorchTests.Name)]
public sealed class JacobianMethodTests
{
    private const int Rows = 4;

    public static TheoryData<string, string, string> OwnPasses => new()
    {
        { "jacobian", "form", "row" },
        { "jacobian", "form", "noise" },
        { "jacobian", "form", "jvp" },
        { "jacobian-norm", "form", "cross-entropy" },
        { "jacobian-norm", "form", "squared-error" },
        { "jacobian-attention", "", "" },
        { "sobolev", "", "" },
    };

    [Theory]
    [InlineData("label", true, 0.1)]
    [InlineData("teacher", true, 0)]
    [InlineData("label", false, 0.3)]
    public void A_row_of_the_Jacobian_is_matched_image_by_image(string index, bool normalise, double activations)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("jacobian", settings:
            [("index", index), ("normalise", normalise), ("activations", (ScheduledValue)activations), ("weight", (ScheduledValue)0.7)]);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops);
            Tensor actual = MethodSample.Total(sample.Method.Terms(step));

            using var evaluation = new EvaluationMode(sample.Student);
            long[] labels = step.Batch.Labels.data<long>().ToArray();
            long[] guesses = step.Teacher.Output.argmax(1).data<long>().ToArray();
            Assert.NotEqual(labels, guesses);
            long[] classes = index == "teacher" ? guesses : labels;
            Tensor expected = Sum(Rows, n =>
            {
                Tensor student = Jacobian(sample.Student, Image(step, n), trains: true).Rows;
                Tensor teacher = Jacobian(sample.Teacher, Image(step, n), trains: false).Rows;
                Tensor distance = Distance(student[classes[n]], teacher[classes[n]], normalise);
                return distance * 0.7;
            }) / Rows;
            sample.AssertSame(expected + Values(step) * activations, actual);
        }
    }

    [Theory]
    [InlineData(true, 4)]
    [InlineData(false, 2)]
    public void Products_with_tangents_are_those_with_the_whole_Jacobian(bool normalise, int tangents)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("jacobian", settings:
            [("form", "jvp"), ("normalise", normalise), ("tangents", tangents)]);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops, step: 3);
            Tensor actual = MethodSample.Total(sample.Method.Terms(step));

            using var evaluation = new EvaluationMode(sample.Student);
            Tensor directions = Noise(step, tangents);
            Tensor expected = Sum(Rows, n =>
            {
                Tensor along = directions[n].flatten(1).t();
                Tensor student = Jacobian(sample.Student, Image(step, n), trains: true).Rows;
                Tensor teacher = Jacobian(sample.Teacher, Image(step, n), trains: false).Rows;
                Tensor distance = Distance(student.mm(along), teacher.mm(along), normalise);
                return normalise ? distance : distance / tangents;
            }) / Rows;
            sample.AssertSame(expected + Values(step) * 0.1, actual);
        }
    }

    [Fact]
    public void Products_with_tangents_are_differences_of_logits()
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("jacobian", settings:
            [("form", "jvp"), ("normalise", false), ("tangents", 3), ("activations", (ScheduledValue)0.0)]);
        MethodStep step = sample.Step(Rows);
        double actual = MethodSample.Total(sample.Method.Terms(step)).item<double>();

        using var evaluation = new EvaluationMode(sample.Student);
        using var noGrad = no_grad();
        Tensor directions = Noise(step, 3);
        double expected = 0;
        foreach (int m in Enumerable.Range(0, 3))
        {
            Tensor along = directions.select(1, m);
            Tensor difference = Slope(sample.Student, step, along) - Slope(sample.Teacher, step, along);
            expected += difference.square().sum().item<double>() / (3 * Rows);
        }

        Assert.True(expected > 1e-3);
        Assert.InRange(actual / expected, 1 - 1e-6, 1 + 1e-6);
    }

    [Theory]
    [InlineData(0.1, 0.1)]
    [InlineData(0.5, 0)]
    public void Noise_compares_the_logits_of_the_same_noisy_images(double sigma, double activations)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("jacobian", settings:
            [("form", "noise"), ("sigma", sigma), ("activations", (ScheduledValue)activations), ("weight", (ScheduledValue)0.2)]);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops, step: 2);
            Tensor actual = MethodSample.Total(sample.Method.Terms(step));

            Tensor noisy = step.Batch.Inputs + Noise(step, 1).squeeze(1) * sigma;
            Tensor squares = (sample.Student.call(noisy) - sample.Teacher.call(noisy).detach()).square().sum() / (2 * Rows * 10);
            sample.AssertSame(squares * 0.2 + Values(step) * activations, actual);
        }
    }

    [Theory]
    [InlineData(1, 0.1, 0.1)]
    [InlineData(3, 0.4, 0)]
    public void Sobolev_projects_the_Jacobian_on_directions_of_the_output(int projections, double weight, double values)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("sobolev", settings:
            [("projections", projections), ("weight", (ScheduledValue)weight), ("values", (ScheduledValue)values)]);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops, step: 5);
            Tensor actual = MethodSample.Total(sample.Method.Terms(step));

            using var evaluation = new EvaluationMode(sample.Student);
            Tensor normals = NoiseProbeComposed.Noise(
                [Rows, projections, 1, 1, 10], new NoiseProbeOptions(step.Seed, 5, 0, projections)).to(ScalarType.Float64);
            Tensor directions = normals.view(Rows, projections, 10);
            directions = directions / directions.square().sum([2], keepdim: true).sqrt() * Math.Sqrt(10);
            Tensor expected = Sum(Rows, n =>
            {
                Tensor student = Jacobian(sample.Student, Image(step, n), trains: true).Rows;
                Tensor teacher = Jacobian(sample.Teacher, Image(step, n), trains: false).Rows;
                return directions[n].mm(student - teacher).square().sum() * (0.5 * weight / projections);
            }) / Rows;
            sample.AssertSame(expected + Values(step) * values, actual);
        }
    }

    [Theory]
    [MemberData(nameof(OwnPasses))]
    public void A_step_against_the_gradient_lowers_the_loss_by_as_much_as_it_says(string name, string key, string value)
    {
        using var scope = NewDisposeScope();
        using var sample = DerivativesOnly(name, key, value);
        MethodStep step = sample.Step(Rows);
        Tensor before = MethodSample.Total(sample.Method.Terms(step));
        IReadOnlyList<Tensor?> gradients = sample.Gradients(before);

        Assert.EndsWith("conv1.weight", sample.Student.named_parameters().First().name, StringComparison.Ordinal);
        Assert.True(gradients[0] is { } first && first.abs().max().item<double>() > 0, "the first convolution learns nothing");
        double squared = gradients.Sum(gradient => gradient is null ? 0 : gradient.square().sum().item<double>());
        double rate = 1e-5 * before.item<double>() / squared;
        using (no_grad())
        {
            foreach ((TorchSharp.Modules.Parameter parameter, Tensor? gradient) in sample.Student.parameters().Zip(gradients))
            {
                if (gradient is not null)
                {
                    parameter.sub_(gradient * rate);
                }
            }
        }

        double after = MethodSample.Total(sample.Method.Terms(step)).item<double>();
        Assert.InRange((before.item<double>() - after) / (rate * squared), 0.9, 1.1);
    }

    [Theory]
    [MemberData(nameof(OwnPasses))]
    public void Its_own_passes_leave_the_student_as_it_is(string name, string key, string value)
    {
        using var scope = NewDisposeScope();
        using var sample = DerivativesOnly(name, key, value);
        MethodStep step = sample.Step(Rows);
        Dictionary<string, Tensor> before = sample.Student.state_dict()
            .ToDictionary(entry => entry.Key, entry => entry.Value.clone(), StringComparer.Ordinal);
        Assert.Contains(before.Keys, entry => entry.EndsWith("running_mean", StringComparison.Ordinal));

        sample.Method.Terms(step);

        Assert.True(sample.Student.training);
        Assert.All(sample.Student.modules(), module => Assert.True(module.training));
        foreach ((string entry, Tensor tensor) in sample.Student.state_dict())
        {
            Assert.True(tensor.eq(before[entry]).all().item<bool>(), $"{entry} has changed");
        }
    }

    [Fact]
    public void A_row_depends_on_other_images_in_training_mode_only()
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("jacobian");
        MethodStep step = sample.Step(Rows);

        Tensor RowOfTheFirst(int others)
        {
            Tensor images = InputGradient.Leaf(step.Batch.Inputs.narrow(0, 0, 1 + others));
            Tensor classes = step.Batch.Labels.narrow(0, 0, 1 + others);
            return InputGradient.Row(sample.Student.call(images), classes, images, trains: false)[0];
        }

        using (new EvaluationMode(sample.Student))
        {
            Tensor row = RowOfTheFirst(others: 3);
            Assert.True(row.abs().max().item<double>() > 1e-3);
            Assert.InRange((row - RowOfTheFirst(others: 1)).abs().max().item<double>(), 0, 1e-12);
        }

        Assert.True((RowOfTheFirst(others: 3) - RowOfTheFirst(others: 1)).abs().max().item<double>() > 1e-3);
    }

    [Fact]
    public void Layers_without_maps_are_refused()
    {
        RecipeException none = Assert.Throws<RecipeException>(() => MethodSample.Create("jacobian-attention", student: "mlp-small"));
        Assert.Contains("mlp-small has no stages that are feature maps", none.Message, StringComparison.Ordinal);
        RecipeException vector = Assert.Throws<RecipeException>(() => MethodSample.Create(
            "jacobian-attention",
            student: "mlp-small",
            settings: [
                ("student-layers", (IReadOnlyList<string>)["stage1"]), ("teacher-layers", (IReadOnlyList<string>)["stages.stage1"]),
            ]));
        Assert.Contains("expected feature maps [C, H, W] but got [", vector.Message, StringComparison.Ordinal);
        Assert.Contains("of the student's stage1 and [", vector.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tangents_need_networks_over_dual_numbers()
    {
        using var scope = NewDisposeScope();
        var task = ImageClassification.Load(new DataRecipe { Name = "shapes", Train = 60, Test = 20 }, "sample");
        using nn.Module<Tensor, Tensor> student = task.CreateNetwork("mlp-small", seed: 1, CPU);
        using var teacher = nn.Sequential(("flatten", nn.Flatten()), ("linear", nn.Linear(3 * 32 * 32, 10)));
        MethodRecipe method = MethodRecipe.Default("jacobian");
        RecipeException error = Assert.Throws<RecipeException>(() => MethodFactory.Create(
            new DistillRecipe { Methods = [method with { Settings = method.Settings.With("form", "jvp") }] }, task, "mlp-small",
            student, new TeacherNetwork("teacher", "plain", teacher, 10, null), seed: 3, CPU));
        Assert.Contains("the teacher plain is none: take the form row or noise", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A method without its part on logits, which comes from the pass before the method.</summary>
    private static MethodSample DerivativesOnly(string name, string key, string value)
    {
        List<(string Key, object Value)> settings = key.Length == 0 ? [] : [(key, value)];
        if (name is "jacobian" or "sobolev")
        {
            settings.Add((name == "sobolev" ? "values" : "activations", (ScheduledValue)0.0));
        }

        return MethodSample.Create(name, settings: [.. settings]);
    }

    private static Tensor Values(MethodStep step) =>
        (step.Student.Output - step.Teacher.Output).square().sum() * (0.5 / Rows);
}
