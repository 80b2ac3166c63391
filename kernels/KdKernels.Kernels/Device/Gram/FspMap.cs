namespace KdKernels.Kernels.Device.Gram;

/// <summary>Where pixel p of channel c of a sample lies, in elements, and the size of the planes.</summary>
public struct FspMap
{
    public long Sample;
    public long Pixel;
    public long Channel;

    /// <summary>Before pooling.</summary>
    public int Height;

    public int Width;
}
