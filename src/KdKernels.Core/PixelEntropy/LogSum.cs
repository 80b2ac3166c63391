namespace KdKernels.Core;

/// <summary>
/// Σ log x of many positive numbers as the logarithm of their product: mantissas in [1, 2) are multiplied and exponents
/// added, lane by lane.
/// </summary>
internal unsafe struct LogSum<TVector, TElement>
    where TVector : unmanaged, IVector<TVector, TElement>
    where TElement : unmanaged
{
    // A lane's exponents, of up to 149 each in float, must stay below 2^24.
    private const int BlocksPerFold = 16;
    private const double Log2 = 0.6931471805599453;

    public TVector Product;
    public TVector Exponents;
    private double folded;
    private int blocks;

    public static LogSum<TVector, TElement> Empty => new()
    {
        Product = TVector.Broadcast(1),
        Exponents = TVector.Broadcast(0),
    };

    /// <summary>Takes over what a block of at most <see cref="PixelBlocks.BlockSize"/> units came to.</summary>
    public void Put(TVector product, TVector exponents)
    {
        Product = product;
        Exponents = exponents;
        if (++blocks < BlocksPerFold) return;
        folded += TVector.Sum(exponents) * Log2;
        Exponents = TVector.Broadcast(0);
        blocks = 0;
    }

    /// <summary>A logarithm that was taken by itself.</summary>
    public void Add(double log) => folded += log;

    public readonly double Total()
    {
        TElement* lanes = stackalloc TElement[TVector.Width];
        TVector.Store(lanes, Product);
        double product = 1;
        for (int lane = 0; lane < TVector.Width; lane++) product *= Memory.Get(lanes + lane);
        return folded + (TVector.Sum(Exponents) * Log2) + Math.Log(product);
    }
}
