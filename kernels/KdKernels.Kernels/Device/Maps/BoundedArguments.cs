using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>
/// The one parameter of every kernel of TeacherBounded; the launcher has its mirror image. A view of length 0 is not given or not
/// wanted. A row is a box, its elements are offsets.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct BoundedArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Student;
    public ArrayView<T> Teacher;
    public ArrayView<T> Target;
    public ArrayView<T> Gradient;

    /// <summary>0 for a background box, which counts nowhere.</summary>
    public ArrayView<long> Foreground;

    /// <summary>Gradient of the result: one value, or one per box; 1 where not given.</summary>
    public ArrayView<float> Upstream;

    /// <summary>One value, or one per box.</summary>
    public ArrayView<float> Loss;

    /// <summary>Workspace: the sum of each tile of boxes.</summary>
    public ArrayView<double> Partials;

    /// <summary>Workspace, 0 between launches: blocks that are done; foreground boxes, if they were counted before.</summary>
    public ArrayView<int> Counters;

    public RowStrides StudentStrides;
    public RowStrides TeacherStrides;
    public RowStrides TargetStrides;
    public RowStrides GradientStrides;
    public long Rows;

    /// <summary>Box r is (r / Inner, r % Inner).</summary>
    public long Inner;

    public int Offsets;

    /// <summary>log2 of the threads that share a box.</summary>
    public int LaneShift;

    /// <summary>0 none, 1 sum, 2 mean, 3 batch mean.</summary>
    public int Reduction;

    /// <summary>Whether Counters[1] has the number of foreground boxes.</summary>
    public int Counted;

    public int SmoothL1;
    public float Margin;

    /// <summary>ν.</summary>
    public float BoundWeight;

    /// <summary>β of the smooth L1 loss.</summary>
    public float Beta;
}
