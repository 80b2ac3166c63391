using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>
/// The one parameter of the kernels that make FSP matrices and their loss; the launcher has its mirror image. A view of length 0 is
/// not given or not wanted.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct FspArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Student1;
    public ArrayView<T> Student2;

    /// <summary>Its matrices are subtracted.</summary>
    public ArrayView<T> Teacher1;
    public ArrayView<T> Teacher2;

    /// <summary>The matrices, or their differences.</summary>
    public ArrayView<float> Gram;

    /// <summary>One value, or one per sample.</summary>
    public ArrayView<float> Loss;

    /// <summary>Workspace [B, C2]: one over the norm of each column of the difference, 0 where that is 0.</summary>
    public ArrayView<float> Slopes;

    /// <summary>Workspace [B, tiles of rows, C2]: the squares of each column of a tile.</summary>
    public ArrayView<float> Columns;

    /// <summary>Workspace: the sums of each part of a tile that several blocks make.</summary>
    public ArrayView<float> Parts;

    /// <summary>Workspace: the loss of each tile.</summary>
    public ArrayView<double> Partials;

    /// <summary>Workspace, 0 between launches: blocks that are done, then a byte for each tile, parts that are done.</summary>
    public ArrayView<int> Counters;

    public FspMap StudentMap1;
    public FspMap StudentMap2;
    public FspMap TeacherMap1;
    public FspMap TeacherMap2;
    public RowStrides GramStrides;
    public long Batch;
    public int Channels1;
    public int Channels2;

    /// <summary>The student's, after pooling.</summary>
    public int Height;
    public int Width;

    /// <summary>The teacher's, after pooling.</summary>
    public int TeacherHeight;
    public int TeacherWidth;

    /// <summary>Blocks that share a tile, each with a part of the pixels.</summary>
    public int Splits;

    /// <summary>1: both layers are one, so that tiles below the diagonal mirror those above.</summary>
    public int Symmetric;

    /// <summary>1: mean pooling; else maximum pooling.</summary>
    public int Average;

    /// <summary>0 squared norm, 1 mean of the squares, 2 norms of the columns.</summary>
    public int Form;

    /// <summary>0 none, 1 sum, 3 batch mean.</summary>
    public int Reduction;

    /// <summary>1: two neighbours of a row of the matrices lie at a multiple of 8 bytes.</summary>
    public int Paired;

    /// <summary>0, which the assembler must not know.</summary>
    public int Zero;

    public int Reserved;
}
