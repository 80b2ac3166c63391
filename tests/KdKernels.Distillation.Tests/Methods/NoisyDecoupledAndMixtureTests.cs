using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary><c>noisy-logits</c>, <c>dkd</c> and <c>jsd</c> against their formulas in plain torch, in float64.</summary>
[Collection(TorchTests.Name)]
public sealed class NoisyDecoupledAndMixtureTests
{
    private const int Rows = 6;

    [Theory]
    [InlineData(0.5, 0.5, 0.1)]
    [InlineData(1.5, 1.0, 0.7)]
    public void Noisy_logits_regress_on_noise_of_each_image(double sigma, double alpha, double weight)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create(
            "noisy-logits",
            settings: [("sigma", (ScheduledValue)sigma), ("alpha", (ScheduledValue)alpha), ("weight", (ScheduledValue)weight)]);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops, step: 2);
            var options = new NoisyLogitsOptions(sigma, alpha, KdReduction.None) { Seed = step.Seed, Step = 2 };
            Tensor noise = NoisyLogitsComposed.Noise(step.Teacher.Output, options, step.Batch.Indices);
            Assert.True(noise.abs().max().item<double>() > 0, "no row has noise");
            Tensor expected = (step.Student.Output - step.Teacher.Output * (1 + noise)).pow(2).sum() * (0.5 * weight / Rows);
            sample.AssertSame(expected, MethodSample.Total(sample.Method.Terms(step)));
        }
    }

    [Fact]
    public void Noise_is_another_one_at_every_step_and_the_same_again_for_the_same_step()
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("noisy-logits", settings: [("alpha", (ScheduledValue)1)]);
        MethodStep step = sample.Step(Rows);
        double first = Value(sample, step);
        MethodStep later = new(() => step.Teacher, 1)
        {
            Task = step.Task,
            Batch = step.Batch,
            Inputs = step.Inputs,
            Student = step.Student,
            Epoch = 0,
            Step = 1,
            Seed = step.Seed,
            FirstStage = false,
            Ops = step.Ops,
        };
        Assert.Equal(first, Value(sample, step));
        Assert.NotEqual(first, Value(sample, later));
    }

    [Fact]
    public void Noise_reaches_the_stated_share_of_the_images()
    {
        using var scope = NewDisposeScope();
        var options = new NoisyLogitsOptions(0.5, 0.5, KdReduction.None) { Seed = 11, Step = 3 };
        Tensor noise = NoisyLogitsComposed.Noise(ones([2000, 10], ScalarType.Float64), options, arange(2000, ScalarType.Int64));
        double share = noise.abs().sum(1).gt(0).to(ScalarType.Float64).mean().item<double>();
        Assert.InRange(share, 0.45, 0.55);
    }

    [Theory]
    [InlineData(4, 1, 8, 1)]
    [InlineData(1.5, 0.5, 2, 0.25)]
    public void Dkd_weighs_the_label_against_the_rest_and_the_rest(double temperature, double alpha, double beta, double weight)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create(
            "dkd",
            settings:
            [
                ("temperature", (ScheduledValue)temperature), ("alpha", (ScheduledValue)alpha),
                ("beta", (ScheduledValue)beta), ("weight", (ScheduledValue)weight),
            ]);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops);
            long[] labels = step.Batch.Labels.data<long>().ToArray();
            Tensor student = step.Student.Output / temperature;
            Tensor teacher = step.Teacher.Output / temperature;
            Tensor pStudent = nn.functional.softmax(student, 1);
            Tensor pTeacher = nn.functional.softmax(teacher, 1);
            Tensor label = step.Batch.Labels.unsqueeze(1);
            Tensor target = Kl(Pair(pTeacher.gather(1, label)), Pair(pStudent.gather(1, label)));
            Tensor rest = Kl(
                nn.functional.softmax(Others(teacher, labels), 1), nn.functional.softmax(Others(student, labels), 1));
            Tensor expected = (target * alpha + rest * beta) * (weight * temperature * temperature / Rows);
            sample.AssertSame(expected, MethodSample.Total(sample.Method.Terms(step)));
            Assert.Equal(1, step.LabelWeight);
        }
    }

    [Theory]
    [InlineData(4, 0.5, 0.9)]
    [InlineData(2, 0.1, 0.4)]
    public void Jsd_compares_both_with_their_mixture(double temperature, double beta, double alpha)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create(
            "jsd",
            settings:
            [
                ("temperature", (ScheduledValue)temperature), ("beta", (ScheduledValue)beta), ("alpha", (ScheduledValue)alpha),
            ]);
        Assert.Equal(1 - alpha, MethodCatalog.Find("jsd")!.LabelWeight(sample.Settings, 0), 12);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops);
            Tensor p = nn.functional.softmax(step.Teacher.Output / temperature, 1);
            Tensor q = nn.functional.softmax(step.Student.Output / temperature, 1);
            Tensor m = p * beta + q * (1 - beta);
            Tensor expected = (Kl(p, m) * beta + Kl(q, m) * (1 - beta)) * (alpha * temperature * temperature / Rows);
            sample.AssertSame(expected, MethodSample.Total(sample.Method.Terms(step)));
        }
    }

    private static double Value(MethodSample sample, MethodStep step) =>
        MethodSample.Total(sample.Method.Terms(step)).item<double>();

    private static Tensor Kl(Tensor p, Tensor q) => (p * (p.log() - q.log())).sum();

    private static Tensor Pair(Tensor label) => cat([label, 1 - label], 1);

    private static Tensor Others(Tensor logits, long[] labels)
    {
        long classes = logits.shape[1];
        long[] columns = [.. labels.SelectMany(label => Enumerable.Range(0, (int)classes).Select(k => (long)k).Where(k => k != label))];
        return logits.gather(1, tensor(columns, [labels.Length, classes - 1]));
    }
}
