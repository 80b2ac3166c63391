using KdKernels.SystemLibTorch.Tests.Nn;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests.Optim;

public class OptimizerTests
{
    [Theory]
    [InlineData(0, 0, 0, false, false)]
    [InlineData(0, 0, 0.1, false, false)]
    [InlineData(0.9, 0, 0, false, false)]
    [InlineData(0.9, 0.3, 0.01, false, false)]
    [InlineData(0.8, 0, 0.01, true, false)]
    [InlineData(0.9, 0, 0.05, false, true)]
    public void Sgd_follows_its_formula(double momentum, double dampening, double decay, bool nesterov, bool maximize) =>
        Trajectory.Check(
            parameters => optim.SGD(parameters, 0.05, momentum, dampening, decay, nesterov, maximize),
            (value, gradient, state, step) =>
            {
                double g = gradient + decay * value;
                if (momentum != 0)
                {
                    state[0] = step == 1 ? g : momentum * state[0] + (1 - dampening) * g;
                    g = nesterov ? g + momentum * state[0] : state[0];
                }
                return value + (maximize ? 0.05 : -0.05) * g;
            });

    [Theory]
    [InlineData(0.9, 0.999, 0, false, false)]
    [InlineData(0.8, 0.95, 0.1, false, false)]
    [InlineData(0.9, 0.5, 0.1, true, false)]
    [InlineData(0, 0.9, 0, false, true)]
    public void Adam_follows_its_formula(double beta1, double beta2, double decay, bool amsgrad, bool maximize) =>
        Trajectory.Check(
            parameters => optim.Adam(parameters, 0.1, beta1, beta2, 1e-3, decay, amsgrad, maximize),
            (value, gradient, state, step) =>
                value - AdamStep((maximize ? -gradient : gradient) + decay * value, state, step, beta1, beta2, amsgrad));

    [Theory]
    [InlineData(0.9, 0.999, 0, false, false)]
    [InlineData(0.8, 0.95, 0.1, false, false)]
    [InlineData(0.9, 0.5, 0.1, true, true)]
    public void AdamW_decays_apart_from_the_gradient(double beta1, double beta2, double decay, bool amsgrad, bool maximize) =>
        Trajectory.Check(
            parameters => optim.AdamW(parameters, 0.1, beta1, beta2, 1e-3, decay, amsgrad, maximize),
            (value, gradient, state, step) =>
                value * (1 - 0.1 * decay) - AdamStep(maximize ? -gradient : gradient, state, step, beta1, beta2, amsgrad));

    [Theory]
    [InlineData(0.99, 0, 0, false, false)]
    [InlineData(0.9, 0.1, 0, true, false)]
    [InlineData(0.9, 0.1, 0.8, false, true)]
    [InlineData(0.5, 0, 0.8, true, false)]
    public void RmsProp_follows_its_formula(double alpha, double decay, double momentum, bool centered, bool maximize) =>
        Trajectory.Check(
            parameters => optim.RMSProp(parameters, 0.02, alpha, 1e-3, decay, momentum, centered, maximize),
            (value, gradient, state, _) =>
            {
                double g = (maximize ? -gradient : gradient) + decay * value;
                state[0] = alpha * state[0] + (1 - alpha) * g * g;
                state[1] = alpha * state[1] + (1 - alpha) * g;
                double quotient = g / (Math.Sqrt(centered ? state[0] - state[1] * state[1] : state[0]) + 1e-3);
                if (momentum == 0) return value - 0.02 * quotient;
                state[2] = momentum * state[2] + quotient;
                return value - 0.02 * state[2];
            });

    public static TheoryData<string, Func<IEnumerable<Parameter>, optim.Optimizer>> Kinds => new()
    {
        { "SGD", parameters => optim.SGD(parameters, 0.1, momentum: 0.9, weight_decay: 0.01, nesterov: true) },
        { "Adam", parameters => optim.Adam(parameters, 0.1, weight_decay: 0.1, amsgrad: true) },
        { "AdamW", parameters => optim.AdamW(parameters, 0.1, weight_decay: 0.1) },
        { "RMSProp", parameters => optim.RMSProp(parameters, 0.1, momentum: 0.5, centered: true) },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Parameters_together_change_bit_for_bit_as_each_alone(
        string kind, Func<IEnumerable<Parameter>, optim.Optimizer> create)
    {
        Assert.NotEmpty(kind);
        using var scope = NewDisposeScope();
        Parameter[] New() =>
            [.. Enumerable.Range(0, 5).Select(i => nn.Parameter(Numbers.Random(i, 3 + 40 * i, 7).to(float32)))];
        Parameter[] together = New(), alone = New();
        using optim.Optimizer one = create(together);
        optim.Optimizer[] many = Array.ConvertAll(alone, parameter => create([parameter]));
        for (int t = 0; t < 5; t++)
        {
            for (int p = 0; p < together.Length; p++)
            {
                Tensor gradient = Numbers.Random(100 + 10 * t + p, together[p].shape).to(float32);
                together[p].grad = gradient;
                alone[p].grad = gradient;
            }
            one.step();
            foreach (optim.Optimizer optimizer in many) optimizer.step();
        }
        for (int p = 0; p < together.Length; p++) Numbers.Close(alone[p], together[p], 0);
        foreach (optim.Optimizer optimizer in many) optimizer.Dispose();
    }

    [Fact]
    public void Groups_have_options_of_their_own_and_the_optimisers_for_the_rest()
    {
        using var scope = NewDisposeScope();
        Parameter first = WithGradient(1), second = WithGradient(1), third = WithGradient(1);
        using SGD optimizer = optim.SGD(
            [
                new SGD.ParamGroup([first], lr: 0.5, weight_decay: 0.1),
                new SGD.ParamGroup { Parameters = [second] },
            ],
            learningRate: 0.25);
        optimizer.add_param_group(new SGD.ParamGroup { Parameters = [third], Options = new SGD.Options { LearningRate = 2 } });
        optimizer.step();
        Numbers.Close([1 - 0.5 * 1.1], first);
        Numbers.Close([1 - 0.25], second);
        Numbers.Close([1 - 2.0], third);
        Assert.Equal([0.5, 0.25, 2], optimizer.ParamGroups.Select(group => group.LearningRate));
        Assert.Equal([0.5, 0.25, 2], optimizer.ParamGroups.Select(group => group.InitialLearningRate));
        Assert.Equal(3, optimizer.parameters().Count());
        optimizer.ParamGroups.First().LearningRate = 0;
        double[] before = Numbers.Of(first);
        optimizer.step();
        Numbers.Close(before, first, 0);
    }

    [Fact]
    public void A_closure_computes_the_loss_with_gradients_and_its_value_comes_back()
    {
        using var scope = NewDisposeScope();
        Parameter parameter = nn.Parameter(tensor(new[] { 3.0 }));
        using var optimizer = optim.SGD([parameter], 0.1);
        Tensor? loss;
        using (no_grad())
        {
            loss = optimizer.step(() =>
            {
                Tensor value = (parameter * parameter).sum();
                value.backward();
                return value;
            });
        }
        Assert.Equal(9, loss!.ToDouble());
        Numbers.Close([3 - 0.1 * 6], parameter);
        Assert.Null(optimizer.step());
    }

    [Fact]
    public void Zero_grad_fills_with_zeros_and_leaves_absent_gradients_absent()
    {
        using var scope = NewDisposeScope();
        Parameter with = WithGradient(1), without = nn.Parameter(ones([1]));
        using var optimizer = optim.Adam([with, without]);
        optimizer.zero_grad();
        Numbers.Close([0], with.grad!);
        Assert.Null(without.grad);
    }

    [Fact]
    public void A_step_leaves_no_tensor_behind()
    {
        Parameter[] parameters = [WithGradient(1), WithGradient(2)];
        optim.Optimizer[] optimizers =
        [
            optim.SGD(parameters, 0.1, momentum: 0.9, weight_decay: 0.1, nesterov: true),
            optim.AdamW(parameters, amsgrad: true), optim.RMSProp(parameters, momentum: 0.9, centered: true),
        ];
        foreach (optim.Optimizer optimizer in optimizers)
        {
            using var scope = NewDisposeScope();
            optimizer.step();
            optimizer.zero_grad();
            Assert.Equal(0, scope.DisposablesCount);
            optimizer.Dispose();
        }
        foreach (Parameter parameter in parameters) parameter.Dispose();
    }

    [Fact]
    public void Values_out_of_range_are_named()
    {
        using var scope = NewDisposeScope();
        Parameter[] none = [];
        Assert.Contains("learning rate", Message(() => optim.SGD(none, -1)), StringComparison.Ordinal);
        Assert.Contains("learning rate", Message(() => optim.SGD(none, double.NaN)), StringComparison.Ordinal);
        Assert.Contains("Nesterov", Message(() => optim.SGD(none, 1, nesterov: true)), StringComparison.Ordinal);
        Assert.Contains("beta2: expected a number in [0, 1) but got 1", Message(() => optim.Adam(none, beta2: 1)), StringComparison.Ordinal);
        Assert.Contains("weight_decay", Message(() => optim.AdamW(none, weight_decay: -1)), StringComparison.Ordinal);
        Assert.Contains("alpha", Message(() => optim.RMSProp(none, alpha: -1)), StringComparison.Ordinal);
    }

    private static double AdamStep(double g, double[] state, int step, double beta1, double beta2, bool amsgrad)
    {
        state[0] = beta1 * state[0] + (1 - beta1) * g;
        state[1] = beta2 * state[1] + (1 - beta2) * g * g;
        state[2] = Math.Max(state[2], state[1]);
        double mean = state[0] / (1 - Math.Pow(beta1, step));
        double square = (amsgrad ? state[2] : state[1]) / (1 - Math.Pow(beta2, step));
        return 0.1 * mean / (Math.Sqrt(square) + 1e-3);
    }

    private static Parameter WithGradient(double gradient)
    {
        Parameter parameter = nn.Parameter(ones([1], float64));
        using Tensor value = tensor(new[] { gradient });
        parameter.grad = value;
        parameter.DetachFromDisposeScope();
        return parameter;
    }

    private static string Message(Func<optim.Optimizer> create) => Assert.Throws<ArgumentException>(() => create()).Message;
}
