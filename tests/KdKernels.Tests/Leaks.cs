using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests;

/// <summary>Counts the tensors that stay alive on this thread.</summary>
internal static class Leaks
{
    /// <summary>Asserts that ten steps leave no more tensors than one, the gradients of <paramref name="leaves"/> apart.</summary>
    internal static void None(Action step, params Tensor[] leaves)
    {
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        Step();
        long before = statistics.ThreadTotalLiveCount;
        for (int i = 0; i < 10; i++) Step();
        Assert.Equal(before, statistics.ThreadTotalLiveCount);

        void Step()
        {
            using (NewDisposeScope()) step();
            foreach (var leaf in leaves)
            {
                leaf.grad?.Dispose();
                leaf.grad = null;
            }
        }
    }
}
