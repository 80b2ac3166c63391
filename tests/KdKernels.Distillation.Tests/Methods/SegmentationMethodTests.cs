using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tests.Training;
using KdKernels.Distillation.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary>asdt against its formulas in plain torch, in float64.</summary>
[Collection(TorchTests.Name)]
public sealed class SegmentationMethodTests
{
    private const int Rows = 6;
    private const int Classes = 10;

    [Theory]
    [InlineData("pulse-width", 0, 0)]
    [InlineData("pulse-width", 2, 0)]
    [InlineData("pulse-width", 3, 1)]
    [InlineData("round-robin", 2, 0)]
    [InlineData("round-robin", 3, 1)]
    public void The_branch_that_speaks_teaches_the_masks(string policy, int position, int speaker)
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Create(("policy", policy), ("period", 4), ("duty", (ScheduledValue)0.75));
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops, step: position);
            Tensor actual = MethodSample.Total(sample.Method.Terms(step));
            Assert.True(step.LabelsTaken);
            sample.AssertSame(Images(step) + Masks(step, speaker, 0.4, 0.1, 10), actual);
        }
    }

    [Fact]
    public void Every_setting_of_the_pseudo_masks_and_the_weights_count()
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Create(
            ("weight", (ScheduledValue)0.7), ("threshold", 0.25), ("ignore", 0.2), ("sharpness", 4.0), ("duty", (ScheduledValue)0));
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops, labels: 0.3);
            Tensor expected = 0.3 * Images(step) + 0.7 * Masks(step, 1, 0.25, 0.2, 4);
            sample.AssertSame(expected, MethodSample.Total(sample.Method.Terms(step)));
        }
    }

    [Fact]
    public void A_duty_of_one_is_what_a_plain_student_learns()
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Create(("duty", (ScheduledValue)1));
        MethodStep step = sample.Step(Rows, step: 99);
        Tensor actual = MethodSample.Total(sample.Method.Terms(step));
        sample.AssertSame(sample.Task.LabelLoss(step.Student, step.Batch), actual);
    }

    [Fact]
    public void Chance_is_keyed_by_seed_and_step()
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Create(("policy", "random"));
        var chooser = new TeacherSwitch(new TeacherSwitchRecipe { Policy = TeacherPolicy.Random }, seed: 3);
        int[] speakers = [.. Enumerable.Range(0, 8).Select(position => chooser.Choose(2, 0, position))];
        Assert.Equal([0, 1], speakers.Distinct().Order());
        for (int position = 0; position < speakers.Length; position++)
        {
            MethodStep step = sample.Step(Rows, step: position);
            double masks = sample.Method.Terms(step).Single().Value.item<double>();
            Assert.Equal(Masks(step, speakers[position], 0.4, 0.1, 10).item<double>(), masks, 1e-9);
            Assert.NotEqual(Masks(step, 1 - speakers[position], 0.4, 0.1, 10).item<double>(), masks, 1e-9);
        }
    }

    private static MethodSample Create(params (string Key, object Value)[] settings) =>
        MethodSample.CreateOn("shapes-segmentation", "asdt", "segmenter-small", "segmenter-small", settings);

    private static Tensor Images(MethodStep step)
    {
        Tensor shown = nn.functional.one_hot(step.Batch.Labels, Classes).to(ScalarType.Float64);
        Tensor first = step.Student.Tap("classBranch");
        Tensor kept = Evidence(first, step.Batch.Labels).le(0.6).to(ScalarType.Float64).unsqueeze(1);
        Dictionary<string, Parameter> weights = step.Student.Network.named_parameters()
            .ToDictionary(entry => entry.name, entry => entry.parameter, StringComparer.Ordinal);
        Tensor hidden = nn.functional.conv2d(
            step.Student.Tap("backbone") * kept, weights["objectBranch.conv1.weight"], weights["objectBranch.conv1.bias"], padding: [1L, 1L]);
        Tensor second = nn.functional.conv2d(
            hidden.clamp_min(0), weights["objectBranch.conv2.weight"], weights["objectBranch.conv2.bias"]);
        return Binary(first.mean([2L, 3L])) + Binary(second.mean([2L, 3L]));

        Tensor Binary(Tensor logits) =>
            -(shown * logits.sigmoid().log() + (1 - shown) * (1 - logits.sigmoid()).log()).sum() / Rows;
    }

    private static Tensor Masks(MethodStep step, int speaker, double threshold, double ignore, double sharpness)
    {
        Tensor maps = step.Student.Tap(speaker == 0 ? "classBranch" : "objectBranch").detach();
        maps = nn.functional.interpolate(maps, size: [32L, 32L], mode: InterpolationMode.Bilinear, align_corners: false);
        Tensor above = Evidence(maps, step.Batch.Labels) - threshold;
        Tensor sure = above.abs().ge(ignore).to(ScalarType.Float64);
        Tensor q = (above * sharpness).sigmoid();
        Tensor logarithms = step.Student.Output.log_softmax(1);
        Tensor[] own = [.. Enumerable.Range(0, Rows).Select(i => logarithms[i][(int)step.Batch.Labels[i].item<long>() + 1])];
        Tensor cross = -(q * stack(own) + (1 - q) * logarithms.narrow(1, 0, 1).squeeze(1));
        double pixels = sure.sum().item<double>();
        Assert.InRange(pixels, 1, Rows * 32 * 32 - 1);
        return (cross * sure).sum() / pixels;
    }

    private static Tensor Evidence(Tensor maps, Tensor labels)
    {
        Tensor[] own = [.. Enumerable.Range(0, Rows).Select(i => maps.detach()[i][(int)labels[i].item<long>()].clamp_min(0))];
        return stack([.. own.Select(map => map / (map.max() + map.max().eq(0).to(ScalarType.Float64)))]);
    }
}
