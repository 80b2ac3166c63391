using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Methods.Features;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tests.Training;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary>Methods on feature maps against their formulas in plain torch, in float64.</summary>
[Collection(TorchTests.Name)]
public sealed class FeatureMethodTests : IDisposable
{
    private const string Stage1 = "stages.stage1";
    private const string Stage2 = "stages.stage2";
    private const string Stage3 = "stages.stage3";

    private readonly string root = Directory.CreateTempSubdirectory("kd-features").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("code", 2, 1000, null, null)]
    [InlineData("paper", 2, 1000, null, null)]
    [InlineData("code", 4, 50, Stage1, Stage2)]
    [InlineData("paper", 1, 20, Stage2, Stage1)]
    public void Attention_maps_are_drawn_together(string form, int power, double weight, string? student, string? teacher)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create(
            "attention",
            settings: [("form", form), ("power", power), ("weight", (ScheduledValue)weight), .. Layers(student, teacher)]);
        (string Student, string Teacher)[] pairs =
            student is null ? [(Stage1, Stage1), (Stage2, Stage2)] : [(student, teacher!)];
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(ops: ops);
            Tensor expected = pairs.Select(pair =>
            {
                (Tensor s, Tensor t) = (step.Student.Tap(pair.Student), step.Teacher.Tap(pair.Teacher));
                long size = Math.Min(s.shape[2], t.shape[2]);
                Tensor difference = Map(s, size) - Map(t, size);
                return form == "paper"
                    ? difference.norm(1).mean() * (weight / (size * size) / 2)
                    : difference.pow(2).mean() * weight;
            }).Aggregate((a, b) => a + b);
            sample.AssertSame(expected, MethodSample.Total(sample.Method.Terms(step)));
        }

        Tensor Map(Tensor features, long size)
        {
            long factor = features.shape[2] / size;
            Tensor pooled = features.view(6, features.shape[1], size, factor, size, factor).mean([3, 5]);
            Tensor map = pooled.abs().pow(power).sum(1).flatten(1);
            return map / map.norm(1, keepdim: true);
        }
    }

    [Theory]
    [InlineData("max", false)]
    [InlineData("average", false)]
    [InlineData("max", true)]
    public void Flows_between_stages_are_drawn_together_in_the_first_stage(string pooling, bool singleStage)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create(
            "fsp",
            "convnet-medium",
            "convnet-large",
            ("pooling", pooling), ("single-stage", singleStage), ("weight", (ScheduledValue)0.5));
        string[] stages = [Stage1, Stage2, Stage3];
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(ops: ops, firstStage: !singleStage);
            Tensor expected = stages.Zip(stages.Skip(1), (from, to) =>
                (Flow(step.Student, from, to) - Flow(step.Teacher, from, to)).pow(2).sum() * (0.5 / 6))
                .Aggregate((a, b) => a + b);
            sample.AssertSame(expected, MethodSample.Total(sample.Method.Terms(step)));
            Assert.Equal(singleStage ? 1 : 0, sample.Method.Terms(sample.Step(ops: ops)).Count);
        }

        Tensor Flow(NetworkPass pass, string from, string to)
        {
            (Tensor first, Tensor second) = (pass.Tap(from), pass.Tap(to));
            long size = second.shape[2];
            Tensor windows = first.view(6, first.shape[1], size, 2, size, 2);
            Tensor pooled = pooling == "max" ? windows.amax([3, 5]) : windows.mean([3, 5]);
            return pooled.flatten(2).matmul(second.flatten(2).transpose(1, 2)) / (size * size);
        }
    }

    [Theory]
    [InlineData(0, 32)]
    [InlineData(7, 7)]
    public void Vid_is_the_likelihood_of_the_teachers_maps(int hidden, int width)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create(
            "vid", settings: [("hidden", hidden), ("weight", (ScheduledValue)3.0), .. Layers(Stage1, Stage2)]);
        Dictionary<string, Tensor> parts = Parts(sample);
        Assert.Equal(width, parts["regressors.0.conv1.weight"].shape[0]);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(ops: ops);
            // The student's map of 16x16 is brought to the teacher's 8x8.
            Tensor mean = step.Student.Tap(Stage1).view(6, 16, 8, 2, 8, 2).mean([3, 5]);
            mean = nn.functional.relu(nn.functional.conv2d(mean, parts["regressors.0.conv1.weight"]));
            mean = nn.functional.relu(nn.functional.conv2d(mean, parts["regressors.0.conv2.weight"]));
            mean = nn.functional.conv2d(mean, parts["regressors.0.conv3.weight"]);
            Tensor expected = Likelihood(step.Teacher.Tap(Stage2), mean, parts["likelihoods.0.rho"], [1, 32, 1, 1]) * 3;
            AssertSameWithParts(sample, expected, step);
        }
    }

    [Fact]
    public void Vid_predicts_logits_by_a_linear_layer()
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("vid", "mlp-small", settings: [("logits", true)]);
        Dictionary<string, Tensor> parts = Parts(sample);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(ops: ops);
            Tensor mean = step.Student.Tap("features").matmul(parts["regressors.0.weight"].t()) + parts["regressors.0.bias"];
            AssertSameWithParts(
                sample, Likelihood(step.Teacher.Output, mean, parts["likelihoods.0.rho"], [1, 10]), step);
        }
    }

    [Fact]
    public void Vid_of_an_mlp_makes_maps_of_its_features()
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("vid", "mlp-small");
        Assert.Equal(["features"], sample.Method.StudentTaps);
        Assert.Equal([Stage3], sample.Method.TeacherTaps);
        Dictionary<string, Tensor> parts = Parts(sample);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(ops: ops);
            Tensor x = step.Student.Tap("features").matmul(parts["regressors.0.seed.weight"].t()) + parts["regressors.0.seed.bias"];
            x = nn.functional.relu(x.view(6, 64, 1, 1));
            for (int i = 1; i <= 2; i++)
            {
                x = nn.functional.conv_transpose2d(
                    x, parts[$"regressors.0.layers.deconv{i}.weight"], parts[$"regressors.0.layers.deconv{i}.bias"], [2, 2], [1, 1]);
                x = nn.functional.relu(x);
            }

            x = nn.functional.conv2d(x, parts["regressors.0.layers.conv.weight"], parts["regressors.0.layers.conv.bias"]);
            AssertSameWithParts(
                sample, Likelihood(step.Teacher.Tap(Stage3), x, parts["likelihoods.0.rho"], [1, 64, 1, 1]), step);
        }
    }

    [Fact]
    public void Vid_starts_from_variances_of_5_that_nothing_decays()
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("vid");
        Dictionary<string, Tensor> parts = Parts(sample);
        Tensor[] variances = [.. parts.Where(part => part.Key.EndsWith(".rho", StringComparison.Ordinal)).Select(part => part.Value)];
        Assert.Equal(2, variances.Length);
        Assert.Equal(variances, sample.Method.Undecayed);
        Assert.All(variances, rho => Assert.Equal(5, nn.functional.softplus(rho)[0].item<double>() + 1e-5, 1e-5));
    }

    [Theory]
    [InlineData("", "", 32, 1)]
    [InlineData(Stage1, Stage2, 32, 3)]
    [InlineData(Stage2, Stage1, 16, 4)]
    [InlineData(Stage1, Stage3, 64, 13)]
    public void Hints_are_regressed(string guided, string hint, long channels, long kernel)
    {
        using var scope = NewDisposeScope();
        foreach (bool singleStage in new[] { false, true })
        {
            using var sample = MethodSample.Create(
                "fitnet", settings: [("guided-layer", guided), ("hint-layer", hint), ("single-stage", singleStage)]);
            Dictionary<string, Tensor> parts = Parts(sample);
            (Tensor weight, Tensor bias) = (parts["layer.weight"], parts["layer.bias"]);
            Assert.Equal(kernel, weight.shape[2]);
            foreach (DistillOps ops in Enum.GetValues<DistillOps>())
            {
                MethodStep step = sample.Step(ops: ops, firstStage: !singleStage);
                Tensor v = step.Student.Tap(sample.Method.StudentTaps[0]);
                Tensor u = step.Teacher.Tap(sample.Method.TeacherTaps[0]);
                Tensor r = kernel switch
                {
                    3 => nn.functional.conv2d(v, weight, bias, [2, 2], [1, 1]),
                    4 => nn.functional.conv_transpose2d(v, weight, bias, [2, 2], [1, 1]),
                    _ => nn.functional.conv2d(v, weight, bias),
                };
                Assert.Equal(channels, u.shape[1]);
                Tensor squares = (u - r).pow(2).sum();
                double pixels = 6.0 * u.shape[2] * u.shape[3];
                AssertSameWithParts(sample, squares * (singleStage ? 100 / (pixels * channels) : 0.5 / pixels), step);
            }
        }
    }

    [Theory]
    [InlineData(new long[] { 3, 8, 8 }, new long[] { 5, 6, 8 })]
    [InlineData(new long[] { 3, 6, 8 }, new long[] { 5, 9, 8 })]
    [InlineData(new long[] { 3, 4, 4 }, new long[] { 5, 8, 8 })]
    [InlineData(new long[] { 7 }, new long[] { 5, 8, 8 })]
    [InlineData(new long[] { 3, 4, 4 }, new long[] { 9 })]
    public void Regressors_give_the_hints_shape(long[] guided, long[] hint)
    {
        using var scope = NewDisposeScope();
        using var regressor = new HintRegressor(guided, hint);
        Assert.Equal([2, .. hint], regressor.call(zeros([2, .. guided])).shape);
        Assert.True(HintRegressor.Fits(guided, hint));
        Assert.False(HintRegressor.Fits([3, 4, 8], [3, 8, 4]));
    }

    [Fact]
    public void After_the_hints_comes_distillation_with_a_falling_weight()
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("fitnet", settings: [("temperature", (ScheduledValue)2.0)]);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(ops: ops, step: 50);
            Tensor p = nn.functional.softmax(step.Teacher.Output / 2, 1);
            Tensor q = nn.functional.log_softmax(step.Student.Output / 2, 1);
            Tensor actual = MethodSample.Total(sample.Method.Terms(step));
            // Half way of the ramp from 4 to 1.
            Tensor expected = (p * (p.log() - q)).sum() * (2.5 * 4 / 6);
            if (step.LabelsTaken)
            {
                expected += nn.functional.cross_entropy(step.Student.Output, step.Batch.Labels);
            }

            sample.AssertSame(expected, actual);
        }
    }

    [Fact]
    public void A_first_stage_belongs_to_the_methods_that_have_one()
    {
        var observer = new RecordingObserver();
        TrainingSample.Run(
            TrainingSample.Recipe(
                "student.model=convnet-small", "student.solver.epochs=1", "teacher.solver.epochs=1",
                "distill={methods: [{name: fsp, first-stage-epochs: 2}, {name: kd}]}"),
            Path.Combine(root, "run"),
            observer);

        Assert.Equal(
            ["fsp.fsp"],
            observer.Steps.Where(step => step.Stage.Role == NetworkRole.FirstStage).SelectMany(Terms).Distinct(StringComparer.Ordinal));
        Assert.Equal(
            ["kd.kl"],
            observer.Steps.Where(step => step.Stage.Role == NetworkRole.Distilled).SelectMany(Terms).Distinct(StringComparer.Ordinal));
        Assert.Equal(2 * TrainingSample.StepsPerEpoch, observer.Steps.Count(step => step.Stage.Role == NetworkRole.FirstStage));

        static IEnumerable<string> Terms(StepInfo step) => step.Loss.Terms?.Keys ?? [];
    }

    [Fact]
    public void A_second_stage_without_labels_has_nothing_to_minimise()
    {
        RecipeException error = Assert.Throws<RecipeException>(() => TrainingSample.Run(
            TrainingSample.Recipe(
                "student.model=convnet-small", "teacher.solver.epochs=1", "student.solver.epochs=1",
                "distill={method: fsp, first-stage-epochs: 1, labels: 0}"),
            Path.Combine(root, "run")));
        Assert.Equal("distill.labels", error.Key);
    }

    [Theory]
    [InlineData("attention", "mlp-small", null, null, "mlp-small has no stages that are feature maps")]
    [InlineData("attention", "convnet-small", "stages.stage9", Stage1, "expected a layer of the student convnet-small, one of")]
    [InlineData("attention", "convnet-small", "features", Stage1, "expected feature maps [C, H, W] of both networks but got features of the student, [2048], and stages.stage1 of the teacher, [16, 16, 16]")]
    [InlineData("fsp", "wrn-16-2", null, null, "expected layers of as many channels, FSP compares channel by channel, but got stage1 of the student, [32, 32, 32], and stages.stage1 of the teacher, [16, 16, 16]")]
    [InlineData("fsp", "convnet-small", Stage1, Stage1, "expected two layers of each network at least, a flow goes from one to the next, but got 1")]
    [InlineData("vid", "convnet-small", Stage1, "features", "expected two maps, two vectors, or a vector and a map but got stages.stage1 of the student, [16, 16, 16], and features of the teacher, [1024]")]
    public void What_does_not_fit_is_refused(string method, string student, string? own, string? teacher, string sentence)
    {
        RecipeException error = Assert.Throws<RecipeException>(
            () => MethodSample.Create(method, student, settings: [.. Layers(own, teacher)]));
        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
    }

    private static (string Key, object Value)[] Layers(string? student, string? teacher) => student is null
        ? []
        :
        [
            (FeatureLayers.StudentKey, (IReadOnlyList<string>)[student]),
            (FeatureLayers.TeacherKey, (IReadOnlyList<string>)[teacher!]),
        ];

    private static Dictionary<string, Tensor> Parts(MethodSample sample) => sample.Method.Parts!.named_parameters()
        .ToDictionary(part => part.name, part => (Tensor)part.parameter, StringComparer.Ordinal);

    private static Tensor Likelihood(Tensor target, Tensor mean, Tensor rho, long[] shape)
    {
        Tensor variance = ((rho.exp() + 1).log() + 1e-5).view(shape);
        return ((target - mean).pow(2) / variance + variance.log()).mean() * 0.5;
    }

    // Nothing that trains may be left without a gradient.
    private static void AssertSameWithParts(MethodSample sample, Tensor expected, MethodStep step)
    {
        Tensor actual = MethodSample.Total(sample.Method.Terms(step));
        sample.AssertSame(expected, actual);
        Tensor?[] gradients = [.. autograd.grad([actual], [.. sample.Method.Parts!.parameters()], retain_graph: true)];
        Assert.All(gradients, gradient => Assert.True(gradient!.abs().max().item<double>() > 0, "a part's gradient vanishes"));
    }
}
