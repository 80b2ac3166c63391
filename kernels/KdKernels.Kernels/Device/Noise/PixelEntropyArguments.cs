using ILGPU;

namespace KdKernels.Kernels.Device.Noise;

/// <summary>
/// The one parameter of every kernel of PixelEntropy; the launcher has its mirror image. All memory is dense. A view of length 0 is
/// not given or not wanted.
/// </summary>
/// <typeparam name="T">float, or ushort for the bits of a 16-bit float.</typeparam>
public struct PixelEntropyArguments<T>
    where T : unmanaged
{
    /// <summary>[images, units].</summary>
    public ArrayView<T> Sigma;

    public ArrayView<T> Gradient;

    /// <summary>Gradient of the result: one value, or one per unit; 1 where not given.</summary>
    public ArrayView<float> Upstream;

    /// <summary>H of every unit.</summary>
    public ArrayView<float> Map;

    /// <summary>A byte per unit, 0 on the background.</summary>
    public ArrayView<byte> Foreground;

    /// <summary>The reduced entropy.</summary>
    public ArrayView<float> Entropy;

    public ArrayView<float> BackgroundMean;
    public ArrayView<long> ForegroundPoints;
    public ArrayView<long> BackgroundPoints;

    /// <summary>
    /// Workspace: <see cref="Columns"/> sums of each tile. For the kernel that counts: the mean of ln σ over the background, then two
    /// counts of each tile.
    /// </summary>
    public ArrayView<double> Partials;

    /// <summary>Workspace, 0 between launches: what is done.</summary>
    public ArrayView<int> Counters;

    /// <summary>Units of an image.</summary>
    public long ImageUnits;

    public int Images;

    /// <summary>Steps of a tile of the sum.</summary>
    public int TileSteps;

    public int Tiles;

    /// <summary>Sums of a tile: 1, or 4 with knowledge points: all, background, number of background units, nothing.</summary>
    public int Columns;

    /// <summary>1: the block that is done last counts the knowledge points. 0: the kernel for that does, afterwards.</summary>
    public int CountsInPlace;

    /// <summary>Tiles of an image, for the kernel that counts.</summary>
    public int CountTiles;

    /// <summary>What a sum over the units is divided by.</summary>
    public double Divisor;

    /// <summary>b.</summary>
    public double Threshold;

    /// <summary>1 over the divisor.</summary>
    public float InverseDivisor;

    public int Reserved;
}
