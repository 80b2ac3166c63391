using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary>Methods on logits against their formulas in plain torch, in float64.</summary>
[Collection(TorchTests.Name)]
public sealed class LogitMethodTests
{
    [Theory]
    [InlineData("kd", 4, 0.9)]
    [InlineData("kd", 1, 0.5)]
    [InlineData("takd", 10, 0.3)]
    public void Kd_mixes_cross_entropy_and_tempered_divergence(string name, double temperature, double alpha)
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create(
            name, settings: [("temperature", (ScheduledValue)temperature), ("alpha", (ScheduledValue)alpha)]);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(ops: ops, labels: 1 - alpha);
            Tensor actual = MethodSample.Total(sample.Method.Terms(step));
            Tensor logits = step.Student.Output;
            Tensor p = nn.functional.softmax(step.Teacher.Output / temperature, 1);
            Tensor q = nn.functional.log_softmax(logits / temperature, 1);
            Tensor expected = (p * (p.log() - q)).sum() * (temperature * temperature * alpha / 6);
            if (step.LabelsTaken)
            {
                expected += nn.functional.cross_entropy(logits, step.Batch.Labels) * (1 - alpha);
            }

            Assert.Equal(ops == DistillOps.Fused, step.LabelsTaken);
            sample.AssertSame(expected, actual);
        }
    }

    [Fact]
    public void Logits_are_regressed_with_half_the_squared_distance_per_image()
    {
        using var scope = NewDisposeScope();
        using var sample = MethodSample.Create("logits", settings: [("weight", (ScheduledValue)0.25)]);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(ops: ops);
            Tensor expected = (step.Student.Output - step.Teacher.Output).pow(2).sum() * (0.25 * 0.5 / 6);
            sample.AssertSame(expected, MethodSample.Total(sample.Method.Terms(step)));
        }
    }
}
