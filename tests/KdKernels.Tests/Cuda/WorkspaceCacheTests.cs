using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Tests.Cuda;

/// <summary>The bookkeeping of workspaces, with memory of the CPU in place of a device's.</summary>
public class WorkspaceCacheTests
{
    private readonly List<(int Device, long Bytes)> allocated = [];
    private readonly List<Tensor> memory = [];
    private readonly WorkspaceCache cache;

    public WorkspaceCacheTests()
    {
        cache = new WorkspaceCache((device, bytes) =>
        {
            allocated.Add((device, bytes));
            memory.Add(zeros(bytes, ScalarType.Byte));
            return memory[^1];
        });
    }

    [Fact]
    public void A_stream_keeps_its_memory_from_call_to_call()
    {
        nint first = cache.Get(new(0, 7, 0), 1000);
        Assert.Equal(first, cache.Get(new(0, 7, 0), 500));
        Assert.Equal(first, cache.Get(new(0, 7, 0), 1 << 20));
        Assert.Equal([(0, 1L << 20)], allocated);
    }

    [Fact]
    public void Memory_outlives_the_scope_of_the_call_that_made_it()
    {
        using (NewDisposeScope()) cache.Get(new(0, 7, 0), 1000);
        Assert.False(memory[0].IsInvalid);
    }

    [Fact]
    public void Growing_gives_the_old_memory_back()
    {
        cache.Get(new(0, 7, 0), 1000);
        cache.Get(new(0, 7, 0), (1 << 20) + 1);
        Assert.Equal([(0, 1L << 20), (0, 2L << 20)], allocated);
        Assert.True(memory[0].IsInvalid);
        cache.Get(new(0, 7, 0), 9L << 20);
        Assert.Equal((0, 9L << 20), allocated[^1]);
        Assert.Equal(1, cache.Count);
    }

    [Fact]
    public void Streams_and_devices_have_their_own()
    {
        nint[] addresses = [cache.Get(new(0, 7, 0), 1), cache.Get(new(0, 8, 0), 1), cache.Get(new(1, 7, 0), 1)];
        Assert.Equal(3, addresses.Distinct().Count());
        Assert.Equal([0, 0, 1], allocated.Select(a => a.Device));
        Assert.Equal(addresses[1], cache.Get(new(0, 8, 0), 1));
    }

    [Fact]
    public void A_capture_has_its_own_until_the_stream_does_something_else()
    {
        nint eager = cache.Get(new(0, 7, 0), 1);
        nint captured = cache.Get(new(0, 7, 41), 1);
        Assert.NotEqual(eager, captured);
        Assert.Equal(captured, cache.Get(new(0, 7, 41), 1));
        Assert.Equal(2, cache.Count);

        // The next capture must zero its own: the first one's zeroing is a node of the first one's graph.
        cache.Get(new(0, 7, 42), 1);
        Assert.Equal(3, allocated.Count);
        Assert.True(memory[1].IsInvalid);

        Assert.Equal(eager, cache.Get(new(0, 7, 0), 1));
        Assert.True(memory[2].IsInvalid);
        Assert.Equal(1, cache.Count);
    }

    [Fact]
    public void Work_on_another_stream_does_not_end_a_capture()
    {
        nint captured = cache.Get(new(0, 7, 41), 1);
        cache.Get(new(0, 8, 0), 1);
        cache.Get(new(1, 7, 0), 1);
        cache.Get(new(0, 9, 41), 1);
        Assert.Equal(captured, cache.Get(new(0, 7, 41), 1));
    }

    [Fact]
    public void Where_memory_runs_out_the_old_one_stays()
    {
        bool full = false;
        var limited = new WorkspaceCache(
            (_, bytes) => full ? throw new InvalidOperationException("CUDA out of memory") : zeros(bytes, ScalarType.Byte));
        nint address = limited.Get(new(0, 7, 0), 1);
        full = true;
        Assert.Throws<InvalidOperationException>(() => limited.Get(new(0, 7, 0), 5 << 20));
        Assert.Equal(address, limited.Get(new(0, 7, 0), 1));
    }
}
