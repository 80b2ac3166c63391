namespace KdKernels.Core;

/// <summary>One phase of an op that has several: <paramref name="body"/> does one chunk.</summary>
internal sealed class ChunkedAction(Action<int> body) : ChunkedWork
{
    public static void Run(int chunks, Action<int> body) =>
        WorkerPool.Execute(new ChunkedAction(body), chunks, KdCpu.Threads);

    public override void Execute(int chunk) => body(chunk);
}
