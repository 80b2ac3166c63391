using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace KdKernels.Core;

/// <summary>Work that is cut into chunks by its shape alone; which thread runs a chunk must not matter.</summary>
internal abstract class ChunkedWork
{
    public abstract void Execute(int chunk);
}

/// <summary>
/// Runs chunks on the calling thread and on helpers. Chunks are handed out one by one and the caller takes part, so a
/// helper that wakes late costs nothing but its help; a helper that found nothing to do spins for a moment before it
/// sleeps, since backward usually follows forward closely.
/// </summary>
internal static class WorkerPool
{
    private static readonly long SpinTicks = Stopwatch.Frequency / 6_000;
    private static readonly object Gate = new();
    private static readonly object SleepLock = new();
    private static volatile Run? current;
    private static volatile int generation;
    private static int workers;
    private static volatile int sleeping;

    public static void Execute(ChunkedWork work, int chunks, int threads)
    {
        int helpers = Math.Min(threads, chunks) - 1;
        // Two callers at once: the second one works alone instead of waiting for the first.
        if (helpers < 1 || !Monitor.TryEnter(Gate))
        {
            for (int chunk = 0; chunk < chunks; chunk++) work.Execute(chunk);
            return;
        }

        var run = new Run(work, chunks, helpers);
        try
        {
            while (workers < helpers)
                new Thread(Work) { IsBackground = true, Name = $"KdKernels {workers++}" }.Start();
            current = run;
            // The full fence of Increment orders this write before the read of the sleepers' count (Work does the
            // opposite).
            Interlocked.Increment(ref generation);
            if (sleeping > 0)
            {
                lock (SleepLock) Monitor.PulseAll(SleepLock);
            }

            run.TakeChunks();
            var wait = default(SpinWait);
            while (!run.IsComplete) wait.SpinOnce(sleep1Threshold: -1);
        }
        finally
        {
            current = null;
            Monitor.Exit(Gate);
        }

        run.ThrowIfFailed();
    }

    private static void Work()
    {
        int seen = 0;
        while (true)
        {
            seen = WaitForNext(seen);
            Run? run = current;
            if (run is not null && run.TryJoin()) run.TakeChunks();
        }
    }

    private static int WaitForNext(int seen)
    {
        long deadline = Stopwatch.GetTimestamp() + SpinTicks;
        while (generation == seen && Stopwatch.GetTimestamp() < deadline) Thread.SpinWait(8);
        if (generation != seen) return generation;
        lock (SleepLock)
        {
            Interlocked.Increment(ref sleeping);
            while (generation == seen) Monitor.Wait(SleepLock);
            Interlocked.Decrement(ref sleeping);
        }

        return generation;
    }

    private sealed class Run(ChunkedWork work, int chunks, int seats)
    {
        private int next = -1;
        private int completed;
        private int free = seats;
        private int failedChunk = int.MaxValue;
        private ExceptionDispatchInfo? failure;

        public bool IsComplete => Volatile.Read(ref completed) == chunks;

        public bool TryJoin() => Interlocked.Decrement(ref free) >= 0;

        public void TakeChunks()
        {
            int chunk;
            while ((chunk = Interlocked.Increment(ref next)) < chunks)
            {
                try
                {
                    work.Execute(chunk);
                }
                catch (Exception e)
                {
                    Fail(chunk, e);
                }

                Interlocked.Increment(ref completed);
            }
        }

        public void ThrowIfFailed() => failure?.Throw();

        /// <summary>Of several failures the one of the first chunk is reported, whichever thread met it.</summary>
        private void Fail(int chunk, Exception e)
        {
            lock (this)
            {
                if (chunk >= failedChunk) return;
                failedChunk = chunk;
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }
    }
}
