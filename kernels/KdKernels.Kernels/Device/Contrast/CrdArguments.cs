using ILGPU;

namespace KdKernels.Kernels.Device.Contrast;

/// <summary>Where the rows that an anchor meets come from.</summary>
public struct CrdSource
{
    /// <summary>Each anchor's own row of the bank.</summary>
    public ArrayView<long> Positives;

    /// <summary>Given negatives; none where they are drawn.</summary>
    public ArrayView<long> Negatives;

    /// <summary>
    /// Of the bank's rows by class: the rows in order, then for every row where its class begins (low half) and how many rows it
    /// has (high half). None where only the anchor's own row is left out.
    /// </summary>
    public ArrayView<long> Classes;

    /// <summary>The training step, where it lies on the device.</summary>
    public ArrayView<long> StepAt;

    public RowStrides NegativesStrides;

    /// <summary>Anchor a is (a / Inner, a % Inner).</summary>
    public long Inner;

    public int Anchors;
    public int BankRows;

    /// <summary>K, negatives per anchor.</summary>
    public int Count;

    public int Step;
    public int Key0;
    public int Key1;
}

/// <summary>
/// The one parameter of the kernels that compare anchors with rows of a bank; the launcher has its mirror image. A view of length 0
/// is not given or not wanted.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct CrdArguments<T>
    where T : unmanaged
{
    public CrdSource Source;
    public ArrayView<T> Anchors;
    public ArrayView<T> Bank;
    public ArrayView<T> Gradient;

    /// <summary>Gradient of the result: one value, or one per anchor; 1 where not given.</summary>
    public ArrayView<float> Upstream;

    /// <summary>One value, or one per anchor.</summary>
    public ArrayView<float> Loss;

    /// <summary>Z: read in mode 0 where it is given, written in modes 1 and 2.</summary>
    public ArrayView<double> Normalizer;

    /// <summary>Workspace: the loss of each tile, an anchor's slices side by side.</summary>
    public ArrayView<double> Partials;

    /// <summary>Workspace: the loss of each anchor.</summary>
    public ArrayView<double> AnchorLosses;

    /// <summary>Workspace: the gradient of each tile.</summary>
    public ArrayView<float> PartialGradients;

    /// <summary>Workspace, 0 between launches: tiles that are done, for each 32nd anchor; then groups of anchors that are.</summary>
    public ArrayView<int> Counters;

    public RowStrides AnchorStrides;
    public RowStrides GradientStrides;

    /// <summary>What the sum of exponentials is multiplied by to get Z.</summary>
    public double NormalizerFactor;

    /// <summary>Elements from one row of the bank to the next.</summary>
    public int BankStride;

    public int Dimension;

    /// <summary>Parts that an anchor's negatives are cut into.</summary>
    public int Slices;

    /// <summary>0 none, 1 sum, 3 batch mean.</summary>
    public int Reduction;

    /// <summary>0: the loss. 1: Z from the exponentials. 2: the same, unless there is a Z already.</summary>
    public int Mode;

    /// <summary>1/τ: a = Scale s + Offset.</summary>
    public float Scale;

    /// <summary>−log(c + ε) − log Z, without the latter where Z lies on the device; for Z, minus a bound of s/τ.</summary>
    public float Offset;

    /// <summary>K log1p(ε/c).</summary>
    public float EpsilonTerm;

    /// <summary>0, which the assembler must not know.</summary>
    public int Zero;

    public int Reserved;
}

/// <summary>The one parameter of the kernel that writes the negatives it draws.</summary>
public struct CrdDrawArguments
{
    public CrdSource Source;

    /// <summary>K rows for each anchor, one anchor after the other.</summary>
    public ArrayView<long> Rows;
}

/// <summary>The one parameter of the kernels that move rows of a bank.</summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct CrdUpdateArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Bank;
    public ArrayView<long> Rows;
    public ArrayView<T> Embeddings;
    public RowStrides EmbeddingStrides;
    public long BankStride;

    /// <summary>Embedding i is (i / Inner, i % Inner).</summary>
    public long Inner;

    public double Momentum;
    public int BankRows;
    public int Count;
    public int Dimension;
    public int Zero;
}
