using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>
/// The one parameter of every kernel of VidLikelihood; the launcher has its mirror image. A view of length 0 is not given or not
/// wanted. A row is a position, its elements are channels.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct VidArguments<T>
    where T : unmanaged
{
    /// <summary>μ.</summary>
    public ArrayView<T> Student;

    public ArrayView<T> Teacher;
    public ArrayView<T> Gradient;

    /// <summary>ρ [C].</summary>
    public ArrayView<T> Rho;

    public ArrayView<T> RhoGradient;

    /// <summary>Gradient of the result: one value, or one per row; 1 where not given.</summary>
    public ArrayView<float> Upstream;

    /// <summary>One value, or one per row.</summary>
    public ArrayView<float> Loss;

    /// <summary>Workspace: Σ(μ − t)² of each chunk of rows and each channel, [chunks, C].</summary>
    public ArrayView<double> Partials;

    /// <summary>Workspace, 0 between launches: blocks that are done.</summary>
    public ArrayView<int> Counters;

    public RowStrides StudentStrides;
    public RowStrides TeacherStrides;
    public RowStrides GradientStrides;
    public long RhoStride;
    public long RhoGradientStride;
    public long Rows;

    /// <summary>Row r is (r / Inner, r % Inner).</summary>
    public long Inner;

    /// <summary>Rows of a chunk: whole outer indices where a channel is read in vectors.</summary>
    public long RowsPerChunk;

    public int Channels;
    public int Chunks;

    /// <summary>0 none, 1 sum, 2 mean, 3 batch mean.</summary>
    public int Reduction;

    /// <summary>Whether each row has an upstream gradient of its own.</summary>
    public int HasRowUpstream;

    /// <summary>Whether every element also counts ½·log 2π.</summary>
    public int WithConstant;

    public float Epsilon;
}
