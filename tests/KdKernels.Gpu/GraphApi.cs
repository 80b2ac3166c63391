using System.Runtime.InteropServices;

namespace KdKernels.Gpu;

/// <summary>The driver's calls for capturing and replaying a graph, which the library itself has no use for.</summary>
internal static unsafe partial class GraphApi
{
    private const string Driver = "libcuda.so.1";

    /// <summary>CU_STREAM_CAPTURE_MODE_RELAXED: torch's allocator may take memory meanwhile.</summary>
    public const int Relaxed = 2;

    /// <summary>CU_GRAPH_NODE_TYPE_KERNEL.</summary>
    public const int KernelNode = 0;

    [LibraryImport(Driver, EntryPoint = "cuStreamBeginCapture_v2")]
    public static partial int BeginCapture(nint stream, int mode);

    [LibraryImport(Driver, EntryPoint = "cuStreamEndCapture")]
    public static partial int EndCapture(nint stream, nint* graph);

    [LibraryImport(Driver, EntryPoint = "cuGraphInstantiateWithFlags")]
    public static partial int Instantiate(nint* executable, nint graph, ulong flags);

    [LibraryImport(Driver, EntryPoint = "cuGraphLaunch")]
    public static partial int Launch(nint executable, nint stream);

    [LibraryImport(Driver, EntryPoint = "cuGraphGetNodes")]
    public static partial int GetNodes(nint graph, nint* nodes, nuint* count);

    [LibraryImport(Driver, EntryPoint = "cuGraphNodeGetType")]
    public static partial int GetNodeType(nint node, int* type);

    [LibraryImport(Driver, EntryPoint = "cuGraphExecDestroy")]
    public static partial int DestroyExecutable(nint executable);

    [LibraryImport(Driver, EntryPoint = "cuGraphDestroy")]
    public static partial int Destroy(nint graph);

    [LibraryImport(Driver, EntryPoint = "cuMemGetInfo_v2")]
    public static partial int GetMemoryInfo(nuint* free, nuint* total);
}
