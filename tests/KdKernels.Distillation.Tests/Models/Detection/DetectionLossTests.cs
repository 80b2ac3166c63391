using KdKernels.Core;
using KdKernels.Distillation.Models.Detection;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models.Detection;

public class DetectionLossTests
{
    private const int Images = 3;

    private static readonly DetectionGrid Grid = new(Rows: 3, Columns: 4, CellSize: 8, BaseSize: 12, ClassCount: 5);

    private readonly double[,,] _output = new double[Images, 12, 10];
    private readonly long[,] _classes = new long[Images, 12];
    private readonly double[,,] _offsets = new double[Images, 12, 4];

    public DetectionLossTests()
    {
        var random = new PhiloxSequence(seed: 7, purpose: 1);
        for (int b = 0; b < Images; b++)
        {
            for (int a = 0; a < 12; a++)
            {
                // A third is foreground; some logits are large, some offsets lie beyond beta.
                _classes[b, a] = random.NextInt32(3) == 0 ? 1 + random.NextInt32(5) : 0;
                for (int k = 0; k < 10; k++)
                    _output[b, a, k] = (random.NextDouble() * 2 - 1) * (random.NextInt32(8) == 0 ? 30 : 2);
                for (int k = 0; k < 4; k++)
                    _offsets[b, a, k] = _classes[b, a] == 0 ? 0 : random.NextDouble() * 2 - 1;
            }
        }
    }

    [Theory]
    [InlineData(1, 1.5, 1)]
    [InlineData(0.25, 0.1, 0.3)]
    public void Equals_a_loop_in_double(double regressionWeight, double backgroundWeight, double beta)
    {
        using var scope = NewDisposeScope();

        double value = DetectionLoss.Total(
            tensor(_output), Targets(), Grid, regressionWeight, backgroundWeight, beta).item<double>();

        Assert.Equal(Loop(regressionWeight, backgroundWeight, beta), value, 1e-9);
    }

    [Fact]
    public void Its_gradient_is_that_of_the_loop()
    {
        const double step = 1e-5;
        using var scope = NewDisposeScope();
        Tensor output = tensor(_output, requires_grad: true);
        DetectionLoss.Total(output, Targets(), Grid).backward();

        foreach ((int b, int a, int k) in new[] { (0, 0, 0), (1, 5, 3), (2, 11, 9), (0, 7, 6), (1, 2, 7) })
        {
            double middle = _output[b, a, k];
            _output[b, a, k] = middle + step;
            double above = Loop(1, 1.5, 1);
            _output[b, a, k] = middle - step;
            double below = Loop(1, 1.5, 1);
            _output[b, a, k] = middle;
            Assert.Equal((above - below) / (2 * step), output.grad![b, a, k].item<double>(), 1e-8);
        }
    }

    [Fact]
    public void Background_boxes_may_hold_anything_and_get_no_gradient()
    {
        using var scope = NewDisposeScope();
        DetectionTargets targets = Targets();
        Tensor offsets = tensor(_output).narrow(2, 6, 4)
            .masked_fill(targets.Foreground.logical_not().unsqueeze(-1), double.NaN).detach().requires_grad_(true);

        Tensor loss = DetectionLoss.Regression(offsets, targets);
        loss.backward();

        Assert.True(double.IsFinite(loss.item<double>()));
        Tensor size = offsets.grad!.abs().sum(-1);
        Assert.Equal(0, size.masked_select(targets.Foreground.logical_not()).sum().item<double>());
        Assert.True(size.masked_select(targets.Foreground).min().item<double>() > 0);
    }

    [Fact]
    public void Without_any_object_the_boxes_cost_nothing()
    {
        using var scope = NewDisposeScope();
        DetectionTargets targets = DetectionTargets.Assign([[], []], Grid);
        Tensor output = zeros([2, 12, 10]);

        Assert.Equal(0, DetectionLoss.Regression(Grid.Offsets(output), targets).item<float>());
        Assert.Equal(1.5 * Math.Log(6), DetectionLoss.Total(output, targets, Grid).item<float>(), 1e-6);
    }

    [Fact]
    public void Rejects_an_output_of_another_grid()
    {
        using var scope = NewDisposeScope();

        Assert.Contains(
            "expected shape [B, 12, 10] but got [2, 12, 9]",
            Assert.Throws<ArgumentException>(() => Grid.Logits(zeros([2, 12, 9]))).Message,
            StringComparison.Ordinal);
    }

    private DetectionTargets Targets()
    {
        Tensor classes = tensor(_classes);
        return new DetectionTargets(classes, tensor(_offsets), classes.ne(0));
    }

    private double Loop(double regressionWeight, double backgroundWeight, double beta)
    {
        double classification = 0;
        double regression = 0;
        int foreground = 0;
        for (int b = 0; b < Images; b++)
        {
            for (int a = 0; a < 12; a++)
            {
                double[] logits = [.. Enumerable.Range(0, 6).Select(k => _output[b, a, k])];
                double largest = logits.Max();
                double logSum = largest + Math.Log(logits.Sum(logit => Math.Exp(logit - largest)));
                long label = _classes[b, a];
                classification += (label == 0 ? backgroundWeight : 1) * (logSum - logits[label]);
                if (label == 0)
                    continue;
                foreground++;
                for (int k = 0; k < 4; k++)
                {
                    double d = Math.Abs(_output[b, a, 6 + k] - _offsets[b, a, k]);
                    regression += d < beta ? d * d / (2 * beta) : d - beta / 2;
                }
            }
        }

        return classification / (Images * 12) + regressionWeight * regression / foreground;
    }
}
