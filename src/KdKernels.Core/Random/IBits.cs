namespace KdKernels.Core;

/// <summary>
/// A vector of 32-bit lanes that are integers or float32 as the operation takes them: what random numbers are made
/// with. Every operation is exact or rounded once to nearest, so all widths give the same bits.
/// </summary>
internal unsafe interface IBits<TSelf>
    where TSelf : unmanaged, IBits<TSelf>
{
    static abstract int Width { get; }

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator &(TSelf a, TSelf b);

    static abstract TSelf operator |(TSelf a, TSelf b);

    static abstract TSelf operator ^(TSelf a, TSelf b);

    static abstract TSelf ShiftLeft(TSelf a, int count);

    /// <summary>The sign bit moves in.</summary>
    static abstract TSelf ShiftRightArithmetic(TSelf a, int count);

    /// <summary>Bit by bit: <paramref name="x"/> where the mask is 1, else <paramref name="y"/>.</summary>
    static abstract TSelf Select(TSelf mask, TSelf x, TSelf y);

    static abstract TSelf Integers(uint value);

    static abstract TSelf Singles(float value);

    /// <summary>Signed integers as float32.</summary>
    static abstract TSelf ToSingle(TSelf a);

    /// <summary>float32 <c>a * b</c>.</summary>
    static abstract TSelf Multiply(TSelf a, TSelf b);

    /// <summary>float32 <c>a * b + c</c>, rounded once.</summary>
    static abstract TSelf Fma(TSelf a, TSelf b, TSelf c);

    /// <summary>float32 square root, correctly rounded.</summary>
    static abstract TSelf Sqrt(TSelf a);

    /// <summary>
    /// The words of as many blocks as there are lanes, from <paramref name="counter"/> on (its first word counts). The
    /// order of the blocks in the lanes is that of <see cref="StoreBlocks"/>.
    /// </summary>
    /// <param name="keys">From <see cref="Philox4x32.WriteRoundKeys"/>.</param>
    static abstract void Philox(
        uint* keys, PhiloxBlock counter, out TSelf w0, out TSelf w1, out TSelf w2, out TSelf w3);

    /// <summary>Writes four values per lane, block after block in the order of their counters.</summary>
    static abstract void StoreBlocks(float* target, TSelf v0, TSelf v1, TSelf v2, TSelf v3);
}
