using ILGPU;

namespace KdKernels.Kernels.Device.Match;

/// <summary>
/// The one parameter of every kernel of NormalizedMatch; the launcher has its mirror image. A view of length 0 is not given or
/// not wanted.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct MatchArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Student;
    public ArrayView<T> Teacher;
    public ArrayView<T> Gradient;

    /// <summary>Gradient of the result: one value, or one per row; 1 where not given.</summary>
    public ArrayView<float> Upstream;

    /// <summary>One value, or one per row.</summary>
    public ArrayView<float> Loss;

    /// <summary>Workspace: the loss of each row, then the sums of each part of each row.</summary>
    public ArrayView<double> Sums;

    /// <summary>Workspace, 0 between launches: blocks that are done.</summary>
    public ArrayView<int> Counters;

    public RowStrides StudentStrides;
    public RowStrides TeacherStrides;
    public RowStrides GradientStrides;
    public long Rows;

    /// <summary>Row r is (r / Inner, r % Inner).</summary>
    public long Inner;

    /// <summary>The smallest norm that is divided by.</summary>
    public double Epsilon;

    /// <summary>One over what the sum over the rows is divided by.</summary>
    public double InverseDivisor;

    /// <summary>Elements of a row.</summary>
    public int Length;

    /// <summary>Parts that a row is cut into.</summary>
    public int Parts;

    /// <summary>1: every row has a value of its own.</summary>
    public int PerRow;

    public int Reserved;
}
