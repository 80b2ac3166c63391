using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests;

public sealed class AutogradTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Gradients_accumulate_until_they_are_reset()
    {
        Tensor x = tensor(new double[] { 1, 2 }, requires_grad: true);
        x.pow(3).sum().backward();
        x.pow(3).sum().backward();
        Expect.Elements([6, 24], x.grad!);
        x.grad = null;
        Assert.Null(x.grad);
        x.grad = ones(2, dtype: float64);
        Expect.Elements([1, 1], x.grad!);
        Assert.Throws<ExternalException>(() => x.grad = ones(3, dtype: float64));
    }

    [Fact]
    public void Grad_takes_factors_unused_inputs_and_higher_orders()
    {
        Tensor x = tensor(new double[] { 1, 2 }, requires_grad: true),
            unused = ones(1, dtype: float64, requires_grad: true);
        Tensor factor = tensor(new double[] { 1, 10 });
        Expect.Elements([2, 40], autograd.grad([x.square()], [x], [factor])[0]);
        IList<Tensor> both = autograd.grad([x.square().sum()], [x, unused], allow_unused: true);
        Assert.Null(both[1]);
        var error = Assert.Throws<ExternalException>(() => autograd.grad([x.square().sum()], [x, unused]));
        Assert.Contains("allow_unused", error.Message, StringComparison.Ordinal);
        Tensor first = autograd.grad([x.pow(3).sum()], [x], retain_graph: true, create_graph: true)[0];
        Expect.Elements([6, 12], autograd.grad([first.sum()], [x])[0]);
        Tensor leafOnly = ones(2, dtype: float64, requires_grad: true);
        (x * leafOnly).sum().backward(inputs: [leafOnly]);
        Expect.Elements([1, 2], leafOnly.grad!);
        Assert.Null(x.grad);
    }

    [Fact]
    public void Modes_hold_until_their_scope_ends()
    {
        Tensor x = ones(1, requires_grad: true);
        using (no_grad())
        {
            Assert.False(is_grad_enabled());
            Assert.False((x * 2).requires_grad);
            using (enable_grad()) Assert.True((x * 2).requires_grad);
        }
        Assert.True(is_grad_enabled());
        using (set_grad_enabled(false)) Assert.False((x * 2).requires_grad);
        using (inference_mode())
        {
            Assert.True(is_inference_mode_enabled());
            Assert.False((x * 2).requires_grad);
        }
        Assert.False(is_inference_mode_enabled());
        Tensor y = x * 2;
        Assert.Equal((true, false, true, false), (x.is_leaf, y.is_leaf, y.requires_grad, y.detach().requires_grad));
        Assert.Throws<ExternalException>(() => y.requires_grad = false);
        y.retain_grad();
        y.sum().backward();
        Expect.Elements([1], y.grad!);
    }

    [Fact]
    public void A_function_brings_its_own_gradient()
    {
        Tensor x = tensor(new double[] { 2, 3 }, requires_grad: true);
        Tensor y = Cube.apply(x, 2.0, "text");
        Expect.Elements([16, 54], y);
        y.sum().backward();
        Expect.Elements([24, 54], x.grad!);
    }

    [Fact]
    public void A_function_of_tensor_operations_has_second_derivatives()
    {
        Tensor x = tensor(new double[] { 2, 3 }, requires_grad: true);
        Tensor first = autograd.grad([Cube.apply(x, 1.0, "").sum()], [x], retain_graph: true, create_graph: true)[0];
        Expect.Elements([12, 27], first);
        Expect.Elements([12, 18], autograd.grad([first.sum()], [x])[0]);
    }

    [Fact]
    public void Gradient_mode_in_backward_says_whether_the_pass_is_recorded()
    {
        Tensor x = ones(1, requires_grad: true);
        foreach (bool record in new[] { false, true })
        {
            _ = autograd.grad([AsksForMode.apply(x)], [x], retain_graph: record, create_graph: record);
            Assert.Equal(record, AsksForMode.SeenInBackward);
            Assert.False(AsksForMode.SeenInForward);
        }
    }

    [Fact]
    public void Arguments_without_gradient_get_null_slots()
    {
        Tensor x = ones(2, requires_grad: true), constant = tensor(new[] { 2f, 3f }), y = ones(2, requires_grad: true);
        TwoTensors.apply(x, constant, null!, y).sum().backward();
        Expect.Elements([2, 3], x.grad!);
        Assert.Null(constant.grad);
        Assert.Null(y.grad);
    }

    [Fact]
    public void Unused_results_come_in_as_zeros_or_as_invalid_tensors()
    {
        Tensor x = tensor(new[] { 1f, 2f }, requires_grad: true);
        List<Tensor> both = PlusMinus.apply(x, true);
        Expect.Elements([2, 3], both[0]);
        Expect.Elements([0, 1], both[1]);
        both[1].sum().backward();
        Expect.Elements([1, 1], x.grad!);
        Assert.Equal("zeros", PlusMinus.FirstGradient);
        PlusMinus.apply(x, false)[1].sum().backward();
        Assert.Equal("invalid", PlusMinus.FirstGradient);
    }

    [Fact]
    public void Nothing_is_recorded_where_nothing_needs_it()
    {
        Assert.False(Cube.apply(ones(2, dtype: float64), 1.0, "").requires_grad);
        Tensor x = ones(2, dtype: float64, requires_grad: true);
        using (no_grad()) Assert.False(Cube.apply(x, 1.0, "").requires_grad);
        Assert.True(Cube.apply(x, 1.0, "").requires_grad);
    }

    [Fact]
    public void An_exception_in_forward_comes_out_as_it_is()
    {
        var error = Assert.Throws<InvalidDataException>(() => Faulty.apply(ones(1, requires_grad: true), "forward"));
        Assert.Equal("thrown in forward", error.Message);
        Assert.Throws<InvalidOperationException>(() => Faulty.apply(ones(1, requires_grad: true), "null"));
    }

    [Fact]
    public void An_exception_in_backward_comes_out_of_backward_with_its_cause()
    {
        Tensor y = Faulty.apply(ones(1, requires_grad: true), "backward");
        var error = Assert.Throws<ExternalException>(() => y.backward());
        Assert.Equal("Faulty threw InvalidDataException in backward: thrown in backward", error.Message);
        Assert.Equal("thrown in backward", Assert.IsType<InvalidDataException>(error.InnerException).Message);
    }

    [Theory]
    [InlineData("too few", "expected 2 gradients, one per argument of forward, but got 1")]
    [InlineData("not a tensor", "expected null as the gradient of argument 1")]
    public void Wrong_gradients_are_refused(string fault, string message)
    {
        Tensor y = Faulty.apply(ones(1, requires_grad: true), fault);
        var error = Assert.Throws<ExternalException>(() => y.backward());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_saved_tensor_that_was_changed_is_noticed()
    {
        Tensor x = ones(2, dtype: float64, requires_grad: true), middle = x * 2;
        Tensor y = Cube.apply(middle, 1.0, "");
        middle.add_(1);
        var error = Assert.Throws<ExternalException>(() => y.sum().backward());
        Assert.Contains("modified by an inplace operation", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_pass_needs_the_graph_retained()
    {
        Tensor x = ones(2, dtype: float64, requires_grad: true);
        Tensor y = Cube.apply(x, 1.0, "").sum();
        y.backward(retain_graph: true);
        y.backward();
        Expect.Elements([6, 6], x.grad!);
        var error = Assert.Throws<ExternalException>(() => y.backward());
        Assert.Contains("second time", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Saved_tensors_are_there_in_backward_only()
    {
        Assert.Throws<InvalidOperationException>(() => LooksTooEarly.apply(ones(1, requires_grad: true)));
        Assert.Throws<ArgumentException>(() => SavesTensorAsData.apply(ones(1)));
    }

    [Fact]
    public void Backward_works_on_another_thread()
    {
        Tensor x = tensor(new double[] { 2 }, requires_grad: true);
        Tensor y = Cube.apply(x, 1.0, "").sum();
        var thread = new Thread(() => y.backward());
        thread.Start();
        thread.Join();
        Expect.Elements([12], x.grad!);
    }

    [Fact]
    public void Many_threads_may_use_one_function()
    {
        double[] gradients = new double[16];
        Parallel.For(0, gradients.Length, i =>
        {
            using DisposeScope own = NewDisposeScope();
            for (int round = 0; round < 50; round++)
            {
                Tensor x = tensor(new double[] { i }, requires_grad: true);
                Cube.apply(x, 1.0, "").sum().backward();
                gradients[i] = x.grad![0].item<double>();
            }
        });
        for (int i = 0; i < gradients.Length; i++) Assert.Equal(3.0 * i * i, gradients[i]);
    }

    private sealed class Cube : autograd.SingleTensorFunction<Cube>
    {
        public override string Name => nameof(Cube);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var x = (Tensor)vars[0];
            ctx.save_for_backward([x, null!]);
            ctx.save_data("scale", vars[1]);
            return x.pow(3) * (double)vars[1];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            List<Tensor> saved = ctx.get_saved_variables();
            Assert.Null(saved[1]);
            return [grad_output * saved[0].square() * (3 * (double)ctx.get_data("scale")), null!, null!];
        }
    }

    private sealed class AsksForMode : autograd.SingleTensorFunction<AsksForMode>
    {
        public static bool SeenInForward { get; private set; }

        public static bool SeenInBackward { get; private set; }

        public override string Name => nameof(AsksForMode);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            SeenInForward = is_grad_enabled();
            return (Tensor)vars[0] * 1;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            SeenInBackward = is_grad_enabled();
            return [grad_output];
        }
    }

    private sealed class TwoTensors : autograd.SingleTensorFunction<TwoTensors>
    {
        public override string Name => nameof(TwoTensors);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_for_backward([(Tensor)vars[1]]);
            return (Tensor)vars[0] * (Tensor)vars[1];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            [grad_output * ctx.get_saved_variables()[0], null!, null!, null!];
    }

    private sealed class PlusMinus : autograd.MultiTensorFunction<PlusMinus>
    {
        public static string FirstGradient { get; private set; } = "";

        public override string Name => nameof(PlusMinus);

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.set_materialize_grads((bool)vars[1]);
            var x = (Tensor)vars[0];
            return [x + 1, x - 1];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
        {
            Tensor first = grad_outputs[0];
            FirstGradient = first.IsInvalid ? "invalid" : first.abs().sum().ToDouble() == 0 ? "zeros" : "other";
            return [first.IsInvalid ? grad_outputs[1] : first + grad_outputs[1], null!];
        }
    }

    private sealed class Faulty : autograd.SingleTensorFunction<Faulty>
    {
        public override string Name => nameof(Faulty);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_data("fault", vars[1]);
            if (vars[1] is "forward") throw new InvalidDataException("thrown in forward");
            return vars[1] is "null" ? null! : (Tensor)vars[0] * 2;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            (string)ctx.get_data("fault") switch
            {
                "too few" => [grad_output],
                "not a tensor" => [grad_output, grad_output],
                _ => throw new InvalidDataException("thrown in backward"),
            };
    }

    private sealed class LooksTooEarly : autograd.SingleTensorFunction<LooksTooEarly>
    {
        public override string Name => nameof(LooksTooEarly);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) =>
            ctx.get_saved_variables()[0];

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => [grad_output];
    }

    private sealed class SavesTensorAsData : autograd.SingleTensorFunction<SavesTensorAsData>
    {
        public override string Name => nameof(SavesTensorAsData);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_data("x", vars[0]);
            return (Tensor)vars[0] * 1;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => [grad_output];
    }
}
