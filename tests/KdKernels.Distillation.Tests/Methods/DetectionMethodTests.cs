using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tests.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Methods;

/// <summary>The detection method against the paper's formulas in plain torch, in float64.</summary>
[Collection(TorchTests.Name)]
public sealed class DetectionMethodTests
{
    private const int Rows = 12;
    private const int Cells = 36;
    private const int Logits = 7;

    [Theory]
    [InlineData(0.5, 1, 0.5, 0, 0.5, 1.5, 1)]
    [InlineData(0.3, 2, 0.7, 0.2, 0.25, 3, 0.6)]
    [InlineData(0, 1, 1, 0, 1, 1, 0)]
    public void Is_the_papers_loss(
        double mu, double lambda, double nu, double margin, double gamma, double background, double labels)
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Create(mu, lambda, nu, margin, gamma, background);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops, labels);
            Tensor actual = MethodSample.Total(sample.Method.Terms(step));

            (Tensor student, Tensor teacher) = (step.Student.Output, step.Teacher.Output);
            Tensor classes = step.Batch.Labels;
            Tensor isBackground = classes.eq(0).to(ScalarType.Float64);
            Tensor logarithms = student.narrow(2, 0, Logits).log_softmax(2);
            Tensor weights = ones([Logits], ScalarType.Float64);
            weights[0] = tensor(background, dtype: ScalarType.Float64);
            Tensor soft = -(weights * teacher.narrow(2, 0, Logits).softmax(2) * logarithms).sum() / (Rows * Cells);
            Tensor chosen = logarithms.gather(2, classes.unsqueeze(2)).squeeze(2);
            Tensor hard = -(chosen * (isBackground * 0.5 + 1)).sum() / (Rows * Cells);

            Tensor inside = 1 - isBackground;
            double count = inside.sum().item<double>();
            Tensor target = step.Batch.Targets!.to(ScalarType.Float64);
            Tensor distance = (student.narrow(2, Logits, 4) - target) * inside.unsqueeze(2);
            Tensor size = distance.abs();
            Tensor smooth = where(size.lt(1), distance * distance * 0.5, size - 0.5).sum() / count;
            Tensor own = (distance * distance).sum(2);
            Tensor bound = (teacher.narrow(2, Logits, 4) - target).square().sum(2);
            Tensor gate = (own.detach() + margin).gt(bound).to(ScalarType.Float64) * inside;
            Tensor bounded = (own * gate).sum() / count;

            var adapter = (Conv2d)sample.Method.Parts!;
            Tensor mapped = matmul(adapter.weight!.flatten(1), step.Student.Tap("backbone").flatten(2))
                + adapter.bias!.unsqueeze(1);
            Tensor hint = (mapped - step.Teacher.Tap("backbone").flatten(2)).square().mean();

            Tensor expected = (labels * mu) * hard + (1 - mu) * soft
                + lambda * (labels * smooth + nu * bounded) + gamma * hint;
            Assert.InRange(gate.sum().item<double>(), 1, count - 1);
            Assert.True(step.LabelsTaken);
            sample.AssertSame(expected, actual);
        }
    }

    [Fact]
    public void With_labels_alone_it_is_what_a_plain_student_learns()
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Create(mu: 1, lambda: 1, nu: 0, margin: 0, gamma: 0, background: 1.5);
        MethodStep step = sample.Step(Rows);
        Tensor actual = MethodSample.Total(sample.Method.Terms(step));
        Tensor labels = sample.Task.LabelLoss(step.Student, step.Batch);
        sample.AssertSame(labels, actual);
        Assert.Equal(labels.item<double>(), step.CrossEntropy!.item<double>(), 1e-12);
    }

    [Fact]
    public void A_batch_without_objects_has_a_finite_loss()
    {
        using var scope = NewDisposeScope();
        using MethodSample sample = Create(0.5, 1, 0.5, 0, 0.5, 1.5);
        foreach (DistillOps ops in Enum.GetValues<DistillOps>())
        {
            MethodStep step = sample.Step(Rows, ops);
            step.Batch.Labels.fill_(0);
            IReadOnlyList<LossTerm> terms = sample.Method.Terms(step);
            Assert.Equal(0, terms.Single(term => term.Name == "boxes").Contribution.item<double>());
            Assert.True(double.IsFinite(MethodSample.Total(terms).item<double>()));
            Assert.All(
                sample.Gradients(MethodSample.Total(terms)),
                gradient => Assert.True(gradient is null || gradient.abs().max().item<double>() < 1e6));
        }
    }

    [Fact]
    public void Adapts_even_where_the_widths_agree()
    {
        using MethodSample sample = MethodSample.CreateOn("scenes", "detection", "detector-small", "detector-small");
        Assert.Equal([32L, 32L, 1L, 1L], ((Conv2d)sample.Method.Parts!).weight!.shape);
    }

    private static MethodSample Create(
        double mu, double lambda, double nu, double margin, double gamma, double background) => MethodSample.CreateOn(
            "scenes",
            "detection",
            "detector-small",
            "detector-large",
            ("mu", (ScheduledValue)mu),
            ("lambda", (ScheduledValue)lambda),
            ("nu", (ScheduledValue)nu),
            ("margin", margin),
            ("gamma", (ScheduledValue)gamma),
            ("background-weight", background));
}
