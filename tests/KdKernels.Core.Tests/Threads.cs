namespace KdKernels.Core.Tests;

/// <summary>Runs code with one, two and three threads, each more than once.</summary>
internal static class Threads
{
    public static void ForEach(Action action)
    {
        int before = KdCpu.Threads;
        try
        {
            foreach (int threads in new[] { 1, 2, 3, 2, 1, 3 })
            {
                KdCpu.Threads = threads;
                action();
            }
        }
        finally
        {
            KdCpu.Threads = before;
        }
    }
}
