using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests;

/// <summary>The autograd node that the fused ops share, with an op small enough to know everything about it.</summary>
public class FusedNodeTests
{
    [Theory, InlineData(true), InlineData(false)]
    public void Gradients_come_from_the_op_and_are_scaled_by_the_upstream_one(bool inForward)
    {
        using var scope = NewDisposeScope();
        var (x, y) = Inputs();
        var op = new WeightedCubes { InForward = inForward };
        (FusedOp.Apply(op, x, y, null) * 3).backward();
        Comparison.Close((x * x * y * 9).detach(), x.grad!, 1e-12, 0);
        Comparison.Close((x * x * x * 3).detach(), y.grad!, 1e-12, 0);
        Assert.Equal(inForward ? 0 : 1, op.Backwards);
        Assert.Equal(0, op.Compositions);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Second_order_gradients_are_those_of_the_composed_form(bool inForward)
    {
        using var scope = NewDisposeScope();
        var (x, y) = Inputs();
        GradCheck.FirstOrder(v => FusedOp.Apply(new WeightedCubes { InForward = inForward }, v[0], v[1], null), x, y);
        GradCheck.SecondOrder(v => FusedOp.Apply(new WeightedCubes { InForward = inForward }, v[0], v[1], null), x, y);
    }

    [Fact]
    public void Inputs_that_depend_on_each_other_do_not_pass_their_gradients_on_twice()
    {
        using var scope = NewDisposeScope();
        var (x, _) = Inputs();
        GradCheck.FirstOrder(v => FusedOp.Apply(new WeightedCubes(), v[0], v[0] * v[0], null), x);
        GradCheck.SecondOrder(v => FusedOp.Apply(new WeightedCubes(), v[0], v[0] * v[0], null), x);
        GradCheck.SecondOrder(v => FusedOp.Apply(new WeightedCubes(), v[0], v[0], null), x);
    }

    [Fact]
    public void An_input_without_a_gradient_gets_none()
    {
        using var scope = NewDisposeScope();
        var (x, y) = Inputs();
        FusedOp.Apply(new WeightedCubes(), x, y.detach(), null).backward();
        Comparison.Close((x * x * y * 3).detach(), x.grad!, 1e-12, 0);
        Assert.Null(y.grad);
    }

    [Fact]
    public void A_second_backward_gives_the_same_and_the_saved_gradient_is_not_written_to()
    {
        using var scope = NewDisposeScope();
        var (x, y) = Inputs();
        var loss = FusedOp.Apply(new WeightedCubes { InForward = true }, x, y, null);
        loss.backward(retain_graph: true);
        var first = x.grad!.clone();
        x.grad!.mul_(7);
        x.grad = null;
        loss.backward();
        Comparison.Close(first, x.grad!, 0, 0);
    }

    [Fact]
    public void Outside_of_the_graph_no_gradient_is_computed()
    {
        using var scope = NewDisposeScope();
        var (x, y) = Inputs();
        var op = new WeightedCubes { InForward = true };
        using (no_grad()) Assert.False(FusedOp.Apply(op, x, y, null).requires_grad);
        Assert.False(FusedOp.Apply(op, x.detach(), y.detach(), null).requires_grad);
        Assert.Equal(0, op.ForwardGradients);
    }

    [Theory, InlineData(true, false), InlineData(false, false), InlineData(true, true)]
    public void No_tensor_stays_alive(bool inForward, bool createGraph)
    {
        Run();
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        long before = statistics.ThreadTotalLiveCount;
        for (int i = 0; i < 5; i++) Run();
        Assert.Equal(before, statistics.ThreadTotalLiveCount);

        void Run()
        {
            using var scope = NewDisposeScope();
            var (x, y) = Inputs();
            var loss = FusedOp.Apply(new WeightedCubes { InForward = inForward }, x, y, null);
            var gradients = autograd.grad([loss], [x, y], create_graph: createGraph);
            if (createGraph) gradients[0].sum().backward();
        }
    }

    private static (Tensor X, Tensor Y) Inputs()
    {
        manual_seed(3);
        return (randn(5, ScalarType.Float64).requires_grad_(), randn(5, ScalarType.Float64).requires_grad_());
    }

    /// <summary>Σ x³y, and an optional input that is never there.</summary>
    private sealed class WeightedCubes : FusedOp
    {
        public bool InForward { get; init; }

        public int ForwardGradients { get; private set; }

        public int Backwards { get; private set; }

        public int Compositions { get; private set; }

        public override string Name => nameof(WeightedCubes);

        public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
        {
            Assert.Null(inputs[2]);
            if (InForward && needs.Contains(true)) Fill(inputs, needs, gradients);
            return (inputs[0]!.pow(3) * inputs[1]!).sum();
        }

        public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
        {
            Backwards++;
            Fill(inputs, needs, gradients);
            for (int i = 0; i < 2; i++) gradients[i] = gradients[i] is { } gradient ? gradient * upstream : null;
        }

        public override Tensor Composed(Tensor?[] inputs)
        {
            Compositions++;
            return (inputs[0]!.pow(3) * inputs[1]!).sum();
        }

        private void Fill(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
        {
            ForwardGradients++;
            if (needs[0]) gradients[0] = inputs[0]!.square() * inputs[1]! * 3;
            if (needs[1]) gradients[1] = inputs[0]!.pow(3);
        }
    }
}
