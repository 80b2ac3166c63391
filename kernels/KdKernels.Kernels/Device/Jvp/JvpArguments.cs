using ILGPU;

namespace KdKernels.Kernels.Device.Jvp;

/// <summary>
/// The one parameter of every kernel of SoftmaxJvp; the launcher has its mirror image. A view of length 0 is not given or not
/// wanted.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct JvpArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Logits;
    public ArrayView<T> Tangents;

    /// <summary>Gradient of the result; backward only.</summary>
    public ArrayView<T> Upstream;

    /// <summary>J v; in backward, the gradient of the tangents.</summary>
    public ArrayView<T> Result;

    public ArrayView<T> LogitsGradient;

    /// <summary>Workspace of backward: A of each unit whose row has several, or is too long for registers.</summary>
    public ArrayView<float> Sums;

    public RowStrides LogitsStrides;
    public RowStrides TangentsStrides;
    public RowStrides UpstreamStrides;
    public RowStrides ResultStrides;
    public RowStrides LogitsGradientStrides;
    public long Rows;

    /// <summary>Tangents of a row.</summary>
    public int Count;

    /// <summary>Tangents of a unit of work.</summary>
    public int Chunk;

    /// <summary>Units of a row.</summary>
    public int Chunks;

    public int Classes;

    /// <summary>0 softmax, 1 log-softmax, 2 the transpose of log-softmax (forward only).</summary>
    public int Form;

    /// <summary>1: the sums of all units are there; the logits' gradient is what is left.</summary>
    public int Combine;

    /// <summary>log2(e) / T.</summary>
    public float Scale;

    public float InverseTemperature;
}
