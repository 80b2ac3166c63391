using ILGPU;

namespace KdKernels.Kernels.Device.Gram;

/// <summary>
/// The one parameter of the kernel that makes the gradients of both layers from weights on their products; the launcher has its
/// mirror image. A view of length 0 is not given or not wanted.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct FspGradientArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Features1;
    public ArrayView<T> Features2;

    /// <summary>Of the first layer.</summary>
    public ArrayView<T> Gradient1;

    /// <summary>Of the second layer.</summary>
    public ArrayView<T> Gradient2;

    /// <summary>Workspace [B, C1, pooled pixels], instead of the gradient where the first layer is pooled.</summary>
    public ArrayView<float> Pooled1;

    /// <summary>The same for the second layer.</summary>
    public ArrayView<float> Pooled2;

    /// <summary>[B, C1, C2]: the gradient of the matrices, or their differences.</summary>
    public ArrayView<float> Weights;

    /// <summary>[B, C2]: by what the weights of a column are multiplied; nothing where not given.</summary>
    public ArrayView<float> Slopes;

    /// <summary>Gradient of the loss: one value, or one per sample; 1 where not given.</summary>
    public ArrayView<float> Upstream;

    public FspMap Map1;
    public FspMap Map2;
    public RowStrides Gradient1Strides;
    public RowStrides Gradient2Strides;
    public RowStrides WeightStrides;
    public long Batch;
    public int Channels1;
    public int Channels2;

    /// <summary>After pooling.</summary>
    public int Height;

    public int Width;

    /// <summary>1: mean pooling.</summary>
    public int Average;

    /// <summary>1: an upstream gradient for each sample.</summary>
    public int PerSample;

    /// <summary>By what all weights are multiplied.</summary>
    public float Scale;

    /// <summary>0, which the assembler must not know.</summary>
    public int Zero;
}

/// <summary>The parameter of the kernel that brings a pooled gradient back to the map.</summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct FspUnpoolArguments<T>
    where T : unmanaged
{
    public ArrayView<T> Features;
    public ArrayView<T> Gradient;

    /// <summary>Workspace [B, C, pooled pixels].</summary>
    public ArrayView<float> Pooled;

    public FspMap Map;
    public RowStrides GradientStrides;
    public long Batch;
    public int Channels;

    /// <summary>After pooling.</summary>
    public int Height;

    public int Width;

    /// <summary>1: mean pooling.</summary>
    public int Average;
}
