using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests;

/// <summary>Whether training steps leave tensors behind.</summary>
internal static class Leaks
{
    /// <summary>Ten times forward and backward of the sum of what <paramref name="loss"/> gives, after one that is not counted.</summary>
    internal static void None(Func<Tensor> loss, params Tensor[] leaves)
    {
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        Step();
        long before = statistics.ThreadTotalLiveCount;
        for (int i = 0; i < 10; i++) Step();
        Assert.Equal(before, statistics.ThreadTotalLiveCount);

        void Step()
        {
            using var scope = NewDisposeScope();
            loss().sum().backward();
            foreach (var leaf in leaves)
            {
                leaf.grad!.Dispose();
                leaf.grad = null;
            }
        }
    }
}
