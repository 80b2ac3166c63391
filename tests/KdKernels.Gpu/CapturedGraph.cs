using KdKernels.SystemLibTorch;

namespace KdKernels.Gpu;

/// <summary>What was put on torch's current stream by a piece of code, as a CUDA graph.</summary>
internal sealed unsafe class CapturedGraph : IDisposable
{
    private readonly nint _graph;
    private readonly nint _executable;
    private readonly nint _stream;

    private CapturedGraph(nint graph, nint executable, nint stream)
    {
        _graph = graph;
        _executable = executable;
        _stream = stream;
    }

    /// <summary>Runs <paramref name="body"/> with the current stream in capture; tensors that it makes must outlive the
    /// graph.</summary>
    public static CapturedGraph Of(Action body)
    {
        nint stream = LibTorch.CudaStream();
        Check.True(stream != 0, "a side stream: the default stream cannot be captured");
        Require(GraphApi.BeginCapture(stream, GraphApi.Relaxed), "cuStreamBeginCapture");
        nint graph = 0;
        int ended;
        try
        {
            body();
        }
        finally
        {
            // Also after a failure: a stream left in capture would fail everything that follows.
            ended = GraphApi.EndCapture(stream, &graph);
        }
        Require(ended, "cuStreamEndCapture");
        nint executable;
        Require(GraphApi.Instantiate(&executable, graph, 0), "cuGraphInstantiateWithFlags");
        return new CapturedGraph(graph, executable, stream);
    }

    /// <summary>How many of its nodes are kernels.</summary>
    public int Kernels
    {
        get
        {
            nuint count = 0;
            Require(GraphApi.GetNodes(_graph, null, &count), "cuGraphGetNodes");
            var nodes = new nint[count];
            int kernels = 0;
            fixed (nint* all = nodes) Require(GraphApi.GetNodes(_graph, all, &count), "cuGraphGetNodes");
            foreach (nint node in nodes)
            {
                int type;
                Require(GraphApi.GetNodeType(node, &type), "cuGraphNodeGetType");
                if (type == GraphApi.KernelNode) kernels++;
            }
            return kernels;
        }
    }

    public void Replay() => Require(GraphApi.Launch(_executable, _stream), "cuGraphLaunch");

    public void Dispose()
    {
        _ = GraphApi.DestroyExecutable(_executable);
        _ = GraphApi.Destroy(_graph);
    }

    private static void Require(int status, string call) =>
        Check.True(status == 0, $"{call} to succeed but it returned {status}");
}
