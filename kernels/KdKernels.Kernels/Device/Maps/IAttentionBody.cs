using ILGPU;

namespace KdKernels.Kernels.Device.Maps;

/// <summary>How the threads of a block walk the features of a sample; one for each way in which features lie in memory.</summary>
public interface IAttentionBody<T>
    where T : unmanaged
{
    /// <summary>
    /// Writes Σ_c |f|^p of a tile's pixels, over a part of the channels. Every thread of the block calls it, and all have passed a
    /// barrier when it returns.
    /// </summary>
    void Sum<TPower>(
        in AttentionArguments<T> a, in MapOperand maps, ArrayView<T> features, MapTask task, ArrayView<double> map,
        ArrayView<double> shared)
        where TPower : struct, IAttentionPower;

    /// <summary>
    /// Writes the gradient of the student's features of these tiles and this part, from the pixels' slopes. Every thread of the block
    /// calls it.
    /// </summary>
    void Gradient<TPower>(in AttentionArguments<T> a, MapTask task, ArrayView<double> shared)
        where TPower : struct, IAttentionPower;
}

/// <summary>What a block does in one go.</summary>
public struct MapTask
{
    public long Sample;
    public int FirstTile;
    public int EndTile;
    public int Part;
}
