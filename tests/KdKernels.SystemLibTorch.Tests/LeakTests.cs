using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests;

public class LeakTests
{
    private const int Rounds = 2000;

    [Fact]
    public void Thousands_of_operations_leave_no_handle_behind()
    {
        Run(1);
        long handles = Settled(), tensors = Tensor.TotalCount;
        Run(Rounds);
        Assert.Equal(handles, LibTorch.AliveHandles);
        Assert.Equal(tensors, Tensor.TotalCount);

        static void Run(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor x = rand(8, 8, requires_grad: true);
                Tensor y = (x.matmul(x).relu() + 1).log()[1.., TensorIndex.Ellipsis];
                _ = y.sum(dim: 0).chunk(2);
                y.sum().backward();
                _ = x.grad! * 2;
                _ = autograd.grad([x.square().sum()], [x]);
            }
        }
    }

    [Fact]
    public void Errors_leave_no_handle_behind()
    {
        Run(1);
        long handles = Settled();
        Run(Rounds / 10);
        Assert.Equal(handles, LibTorch.AliveHandles);

        static void Run(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor x = ones(3, requires_grad: true);
                _ = Assert.Throws<ExternalException>(() => x + ones(4));
                _ = Assert.Throws<ExternalException>(() => cat([x, ones(2, 2)]));
                _ = Assert.Throws<ExternalException>(() => x.backward());
                _ = Assert.Throws<ArgumentException>(() => FailsInForward.apply(x));
                _ = Assert.Throws<ExternalException>(() => FailsInBackward.apply(x).sum().backward());
            }
        }
    }

    [Fact]
    public void Forgotten_tensors_go_with_the_collector()
    {
        long handles = Settled();
        Forget();
        Assert.Equal(handles, Settled());
    }

    [Fact]
    public void A_shared_array_is_let_go_when_torch_is_done_with_it()
    {
        WeakReference array = Share(out Tensor tensor);
        Collect();
        Assert.True(array.IsAlive);
        using (Tensor view = tensor[1..])
        {
            tensor.Dispose();
            Collect();
            Assert.True(array.IsAlive);
            Assert.Equal(2f, view[0].item<float>());
        }
        Collect();
        Assert.False(array.IsAlive);
    }

    [Fact]
    public void A_graph_lets_go_of_what_a_function_saved()
    {
        WeakReference saved = Record(out Tensor result);
        Collect();
        Assert.True(saved.IsAlive);
        result.Dispose();
        Collect();
        Assert.False(saved.IsAlive);
    }

    [Fact]
    public void Two_threads_disposing_one_tensor_release_it_once()
    {
        long handles = Settled();
        for (int i = 0; i < 200; i++)
        {
            Tensor t = ones(1);
            Parallel.Invoke(t.Dispose, t.Dispose, t.Dispose);
        }
        Assert.Equal(handles, Settled());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget()
    {
        for (int i = 0; i < 100; i++) _ = ones(2) + 1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Share(out Tensor tensor)
    {
        float[] array = [1, 2, 3];
        tensor = from_array(array);
        return new WeakReference(array);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Record(out Tensor result)
    {
        object data = new();
        using Tensor x = ones(1, requires_grad: true);
        result = KeepsData.apply(x, data);
        return new WeakReference(data);
    }

    private static long Settled()
    {
        Collect();
        return LibTorch.AliveHandles;
    }

    private static void Collect()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private sealed class FailsInForward : autograd.SingleTensorFunction<FailsInForward>
    {
        public override string Name => nameof(FailsInForward);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_for_backward([(Tensor)vars[0]]);
            throw new ArgumentException("forward refused", nameof(vars));
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => [grad_output];
    }

    private sealed class FailsInBackward : autograd.SingleTensorFunction<FailsInBackward>
    {
        public override string Name => nameof(FailsInBackward);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_for_backward([(Tensor)vars[0]]);
            return (Tensor)vars[0] * 2;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            _ = ctx.get_saved_variables()[0] * grad_output;
            throw new InvalidOperationException("backward refused");
        }
    }

    private sealed class KeepsData : autograd.SingleTensorFunction<KeepsData>
    {
        public override string Name => nameof(KeepsData);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_data("data", vars[1]);
            return (Tensor)vars[0] * 2;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            [grad_output * 2, null!];
    }
}
