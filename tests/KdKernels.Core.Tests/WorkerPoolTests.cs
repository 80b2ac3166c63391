namespace KdKernels.Core.Tests;

public class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Every_chunk_runs_exactly_once(int threads)
    {
        for (int chunks = 0; chunks < 200; chunks += 7)
        {
            var work = new Counting(chunks);
            WorkerPool.Execute(work, chunks, threads);
            Assert.All(work.Runs, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Calls_from_several_threads_at_once_all_finish()
    {
        Parallel.For(0, 64, _ =>
        {
            var work = new Counting(50);
            WorkerPool.Execute(work, 50, 3);
            Assert.All(work.Runs, count => Assert.Equal(1, count));
        });
    }

    [Fact]
    public void An_exception_reaches_the_caller_and_the_pool_goes_on()
    {
        for (int i = 0; i < 50; i++)
        {
            var e = Assert.Throws<InvalidOperationException>(() => WorkerPool.Execute(new Failing(), 40, 3));
            Assert.Equal("chunk 7", e.Message);
        }

        var work = new Counting(10);
        WorkerPool.Execute(work, 10, 3);
        Assert.All(work.Runs, count => Assert.Equal(1, count));
    }

    [Fact]
    public void At_least_one_thread_is_expected()
    {
        var e = Assert.Throws<ArgumentOutOfRangeException>(() => KdCpu.Threads = 0);
        Assert.Contains("expected at least 1 thread but got 0", e.Message, StringComparison.Ordinal);
    }

    private sealed class Counting(int chunks) : ChunkedWork
    {
        public int[] Runs { get; } = new int[chunks];

        public override void Execute(int chunk) => Interlocked.Increment(ref Runs[chunk]);
    }

    /// <summary>Fails from chunk 7 on; the first failure is the one to report.</summary>
    private sealed class Failing : ChunkedWork
    {
        public override void Execute(int chunk)
        {
            if (chunk >= 7) throw new InvalidOperationException($"chunk {chunk}");
        }
    }
}
