using ILGPU;

namespace KdKernels.Kernels.Device.Cosine;

/// <summary>
/// The one parameter of the kernels of CosineKl; the launcher has its mirror image. A view of length 0 is not given or not wanted.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct CosineArguments<T>
    where T : unmanaged
{
    public ArrayView<T> StudentAugmented;
    public ArrayView<T> StudentNormal;
    public ArrayView<T> TeacherAugmented;
    public ArrayView<T> TeacherNormal;
    public ArrayView<T> AugmentedGradient;
    public ArrayView<T> NormalGradient;

    /// <summary>Where it is 0, the row does not count.</summary>
    public ArrayView<long> Keep;

    /// <summary>Gradient of the result: one value, or one per row; 1 where not given.</summary>
    public ArrayView<float> Upstream;

    /// <summary>One value, or one per row.</summary>
    public ArrayView<float> Loss;

    /// <summary>Workspace: the loss of each tile of rows.</summary>
    public ArrayView<double> Partials;

    /// <summary>Workspace: the gradient of the student's scores, rows by normal embeddings.</summary>
    public ArrayView<float> ScoreGradients;

    /// <summary>Workspace: what makes unit rows of the student's augmented embeddings.</summary>
    public ArrayView<float> Scales;

    /// <summary>Workspace, 0 between launches: blocks that are done.</summary>
    public ArrayView<int> Counters;

    public RowStrides StudentAugmentedStrides;
    public RowStrides StudentNormalStrides;
    public RowStrides TeacherAugmentedStrides;
    public RowStrides TeacherNormalStrides;
    public RowStrides AugmentedGradientStrides;
    public RowStrides NormalGradientStrides;

    /// <summary>Augmented row r is (r / Inner, r % Inner).</summary>
    public long Inner;

    public long NormalInner;
    public int Rows;
    public int Normals;
    public int StudentDimension;
    public int TeacherDimension;

    /// <summary>0 none, 1 sum, 2 mean, 3 batch mean.</summary>
    public int Reduction;

    /// <summary>Whether τ is infinite.</summary>
    public int Limit;

    public float InverseTemperature;

    /// <summary>τ² or 1.</summary>
    public float LossFactor;

    /// <summary>On q − p: τ or 1/τ.</summary>
    public float GradientFactor;

    /// <summary>0, which the assembler must not know.</summary>
    public int Zero;
}

/// <summary>The one parameter of the kernels that rank.</summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct RankArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Scores;
    public ArrayView<long> Targets;
    public ArrayView<long> Ranks;
    public RowStrides ScoresStrides;
    public long Inner;
    public int Rows;
    public int Columns;
    public int Zero;
    public int Reserved;
}

/// <summary>The one parameter of the kernel that selects by rank.</summary>
public struct SelectArguments
{
    public ArrayView<long> Ranks;

    /// <summary>0 or 1 for each row.</summary>
    public ArrayView<byte> Keep;

    public double Fraction;
    public int Rows;
    public int Reserved;
}
