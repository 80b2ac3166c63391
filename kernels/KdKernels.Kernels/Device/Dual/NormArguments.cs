using ILGPU;

namespace KdKernels.Kernels.Device.Dual;

/// <summary>
/// The one parameter of every kernel of DualBatchNorm; the launcher has its mirror image. A view of length 0 is not given or not
/// wanted. The stack is a matrix: a row for each sample, a column for each element of one, channel by channel.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct NormArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Stack;
    public ArrayView<T> Mean;
    public ArrayView<T> Variance;
    public ArrayView<T> Weight;
    public ArrayView<T> Bias;

    /// <summary>Gradient of the result; backward only.</summary>
    public ArrayView<T> Upstream;

    /// <summary>The normalised stack; in backward, the stack's gradient.</summary>
    public ArrayView<T> Result;

    public ArrayView<T> WeightGradient;
    public ArrayView<T> BiasGradient;

    /// <summary>Workspace of backward: for each unit of samples, the columns' shares of the weights' and of the biases' gradient.</summary>
    public ArrayView<float> Sums;

    public long MeanStride;
    public long VarianceStride;
    public long WeightStride;
    public long BiasStride;
    public long WeightGradientStride;
    public long BiasGradientStride;
    public long Samples;

    /// <summary>Samples of the primal.</summary>
    public long Primals;

    /// <summary>Samples of a unit of work.</summary>
    public long Chunk;

    public int Chunks;
    public int Channels;

    /// <summary>Elements of a channel of a sample.</summary>
    public int Length;

    /// <summary>1: all of the upstream gradient is its first element.</summary>
    public int Constant;

    public float Epsilon;
    public int Reserved;
}
