using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdKernels.SystemLibTorch.Tests.Nn;

public class LossTests
{
    private static readonly double[] Logits = [0.5, -1, 2, 1, 0, -0.5];
    private static readonly long[] Classes = [2, 0];

    [Theory]
    [InlineData(Reduction.None)]
    [InlineData(Reduction.Mean)]
    [InlineData(Reduction.Sum)]
    public void Cross_entropy_is_minus_the_log_probability_of_the_class(Reduction reduction)
    {
        using var scope = NewDisposeScope();
        Tensor x = Input();
        double[] expected = Reduced([-LogProbability(0, 2), -LogProbability(1, 0)], reduction);
        Numbers.Close(expected, functional.cross_entropy(x, tensor(Classes), reduction: reduction));
        Numbers.Close(expected, CrossEntropyLoss(reduction: reduction).call(x, tensor(Classes)));
        Tensor logProbabilities = functional.log_softmax(x, 1);
        Numbers.Close(expected, functional.nll_loss(logProbabilities, tensor(Classes), reduction: reduction));
        Numbers.Close(expected, NLLLoss(reduction: reduction).call(logProbabilities, tensor(Classes)));
    }

    [Fact]
    public void Cross_entropy_weighs_ignores_and_smooths()
    {
        using var scope = NewDisposeScope();
        Tensor x = Input(), target = tensor(Classes), weight = tensor(new[] { 2.0, 1.0, 0.5 });
        double first = -LogProbability(0, 2), second = -LogProbability(1, 0);
        Numbers.Close([(0.5 * first + 2 * second) / 2.5], functional.cross_entropy(x, target, weight));
        Numbers.Close([(0.5 * first + 2 * second) / 2.5], functional.nll_loss(functional.log_softmax(x, 1), target, weight));
        Numbers.Close([second], functional.cross_entropy(x, target, ignore_index: 2));
        Numbers.Close([second], CrossEntropyLoss(ignore_index: 2).call(x, target));

        double Smooth(int row, int label) =>
            -(0.9 * LogProbability(row, label) + 0.1 / 3 * Enumerable.Range(0, 3).Sum(c => LogProbability(row, c)));
        double[] smoothed = [Smooth(0, 2), Smooth(1, 0)];
        Numbers.Close(smoothed, functional.cross_entropy(x, target, reduction: Reduction.None, label_smoothing: 0.1));
        Numbers.Close(
            smoothed, new TorchSharp.Modules.CrossEntropyLoss(reduction: Reduction.None, label_smoothing: 0.1).call(x, target));
    }

    [Fact]
    public void Cross_entropy_takes_probabilities_and_differentiates()
    {
        using var scope = NewDisposeScope();
        Tensor x = Input().requires_grad_();
        Tensor target = tensor(new[] { 0.2, 0.3, 0.5, 0.7, 0.2, 0.1 }).reshape(2, 3);
        double expected = 0;
        for (int row = 0; row < 2; row++)
        {
            for (int c = 0; c < 3; c++) expected -= Numbers.Of(target)[row * 3 + c] * LogProbability(row, c) / 2;
        }
        Numbers.Close([expected], functional.cross_entropy(x, target));
        Numbers.CheckGradients(() => functional.cross_entropy(x, tensor(Classes)), ("input", x));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Kl_div_is_p_log_p_over_q_whichever_form_the_target_has(bool logTarget)
    {
        using var scope = NewDisposeScope();
        double[] p = [0.2, 0.3, 0.5], q = [0.1, 0.6, 0.3];
        Tensor input = tensor(q).log();
        Tensor target = logTarget ? tensor(p).log() : tensor(p);
        double sum = Enumerable.Range(0, 3).Sum(i => p[i] * Math.Log(p[i] / q[i]));
        Numbers.Close([sum], functional.kl_div(input, target, logTarget, Reduction.Sum));
        Numbers.Close([sum / 3], functional.kl_div(input, target, logTarget));
        Numbers.Close([sum / 3], KLDivLoss(logTarget).call(input, target));
    }

    [Fact]
    public void Kl_div_expects_a_logarithm_unless_told_otherwise()
    {
        using var scope = NewDisposeScope();
        Tensor log = tensor(new[] { 0.5, 0.5 }).log();
        Numbers.Close([0], functional.kl_div(log, log));
        Assert.True(KLDivLoss().log_target);
    }

    [Theory]
    [InlineData(Reduction.None)]
    [InlineData(Reduction.Mean)]
    [InlineData(Reduction.Sum)]
    public void Losses_of_differences_match_their_formulas(Reduction reduction)
    {
        using var scope = NewDisposeScope();
        double[] left = [1, -2, 0.25, 3], right = [0.5, 1, 0.5, 3];
        Tensor x = tensor(left), y = tensor(right);
        double[] distance = left.Zip(right, (a, b) => Math.Abs(a - b)).ToArray();
        double[] squares = Reduced(Array.ConvertAll(distance, d => d * d), reduction);
        Numbers.Close(squares, functional.mse_loss(x, y, reduction));
        Numbers.Close(squares, MSELoss(reduction).call(x, y));
        Numbers.Close(Reduced(distance, reduction), functional.l1_loss(x, y, reduction));
        Numbers.Close(Reduced(distance, reduction), L1Loss(reduction).call(x, y));
        double[] smooth = Reduced(Array.ConvertAll(distance, d => d < 0.4 ? d * d / 0.8 : d - 0.2), reduction);
        Numbers.Close(smooth, functional.smooth_l1_loss(x, y, reduction, beta: 0.4));
        Numbers.Close(smooth, SmoothL1Loss(reduction, beta: 0.4).call(x, y));
    }

    [Fact]
    public void Binary_cross_entropy_with_logits_matches_its_formula()
    {
        using var scope = NewDisposeScope();
        double[] logits = [0.5, -1, 2], targets = [1, 0, 0.25], weights = [1, 2, 3], positive = [2, 1, 0.5];
        double Term(int i)
        {
            double sigma = 1 / (1 + Math.Exp(-logits[i]));
            return -weights[i] * (positive[i] * targets[i] * Math.Log(sigma) + (1 - targets[i]) * Math.Log(1 - sigma));
        }

        Tensor value = functional.binary_cross_entropy_with_logits(
            tensor(logits), tensor(targets), tensor(weights), Reduction.None, tensor(positive));
        Numbers.Close([Term(0), Term(1), Term(2)], value);
    }

    private static Tensor Input() => tensor(Logits).reshape(2, 3);

    private static double LogProbability(int row, int c) =>
        Logits[row * 3 + c] - Math.Log(Enumerable.Range(0, 3).Sum(i => Math.Exp(Logits[row * 3 + i])));

    private static double[] Reduced(double[] values, Reduction reduction) => reduction switch
    {
        Reduction.Mean => [values.Average()],
        Reduction.Sum => [values.Sum()],
        _ => values,
    };
}
