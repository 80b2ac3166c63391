using KdKernels.PtxVerify;
using KdKernels.PtxVerify.Driver;
using KdKernels.PtxVerify.Traffic;

namespace KdKernels.Kernels.Tests;

/// <summary>
/// Every committed kernel of an op, run by the library's own launcher in the emulator. A class per op, so that they run
/// side by side.
/// </summary>
public abstract class KernelTests
{
    protected static TheoryData<string> Of(string stem)
    {
        var names = new TheoryData<string>();
        foreach ((var entry, var kernel) in KernelFolder.Committed.Manifest.Kernels)
            if (entry.Stem == stem) names.Add($"{stem}/{kernel.Name}");
        return names;
    }

    /// <summary>Every case agrees with the oracle, writes no byte beside its outputs, leaves the counters zero for the
    /// next case, and gives the same bits on another grid in another order.</summary>
    protected static void Prove(string kernel)
    {
        KernelProof proof = KernelProof.Of(KernelFolder.Committed, kernel);
        Assert.True(proof.Cases > 0, $"expected cases for {kernel}");
        Assert.True(proof.Failures.Count == 0, string.Join('\n', proof.Failures));
    }

    /// <summary>A large aligned call moves what it must and hardly more.</summary>
    protected static void Weigh(string kernel)
    {
        if (TrafficProof.Of(KernelFolder.Committed, kernel) is not { } traffic) return;
        Assert.True(traffic.LeastBytes > 64 << 10, $"expected more than 64 KB but got {traffic.LeastBytes} bytes");
        Assert.Empty(traffic.Failures);
    }
}
