using ILGPU;

namespace KdKernels.Kernels.Device.Entropy;

/// <summary>
/// The one parameter of every kernel of SoftmaxEntropy; the launcher has its mirror image. A view of length 0 is not given or not
/// wanted.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct EntropyArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Logits;
    public ArrayView<T> Gradient;

    /// <summary>Gradient of the result: one value, or one per row; 1 where not given.</summary>
    public ArrayView<float> Upstream;

    /// <summary>One value, or one per row.</summary>
    public ArrayView<float> Loss;

    /// <summary>Workspace: the sum of each tile of rows.</summary>
    public ArrayView<double> Partials;

    /// <summary>Workspace, 0 between launches: blocks that are done.</summary>
    public ArrayView<int> Counters;

    public RowStrides LogitsStrides;
    public RowStrides GradientStrides;
    public long Rows;

    /// <summary>Row r is (r / Inner, r % Inner).</summary>
    public long Inner;

    public int Classes;

    /// <summary>0 none, 1 sum, 2 mean, 3 batch mean.</summary>
    public int Reduction;

    /// <summary>log2(e) / T.</summary>
    public float Scale;

    public float InverseTemperature;

    /// <summary>0, which the assembler must not know.</summary>
    public int Zero;

    public int Reserved;
}
