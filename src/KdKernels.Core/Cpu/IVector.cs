namespace KdKernels.Core;

/// <summary>
/// A vector of floating-point lanes: what the kernels are written in, once for every width and element type. Widths
/// differ in speed and in the last bits of sums over lanes, in nothing else.
/// </summary>
/// <typeparam name="TSelf">The implementing struct.</typeparam>
/// <typeparam name="TElement">float or double.</typeparam>
internal unsafe interface IVector<TSelf, TElement>
    where TSelf : unmanaged, IVector<TSelf, TElement>
    where TElement : unmanaged
{
    static abstract int Width { get; }

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    /// <summary>All lanes the same; rounded to the element type.</summary>
    static abstract TSelf Broadcast(double value);

    static abstract TSelf Load(TElement* source);

    /// <summary>All lanes the one element at <paramref name="source"/>.</summary>
    static abstract TSelf Repeat(TElement* source);

    /// <summary>
    /// The first <paramref name="count"/> lanes from memory, the others from <paramref name="fill"/>; nothing else is
    /// read.
    /// </summary>
    static abstract TSelf LoadPartial(TElement* source, int count, TSelf fill);

    static abstract void Store(TElement* target, TSelf value);

    /// <summary>Writes the first <paramref name="count"/> lanes and nothing else.</summary>
    static abstract void StorePartial(TElement* target, int count, TSelf value);

    /// <summary><c>a * b + c</c>, rounded once.</summary>
    static abstract TSelf Fma(TSelf a, TSelf b, TSelf c);

    /// <summary><c>c - a * b</c>, rounded once.</summary>
    static abstract TSelf Fnma(TSelf a, TSelf b, TSelf c);

    /// <summary>The larger one; <paramref name="b"/> where either is NaN.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    /// <summary>The smaller one; <paramref name="b"/> where either is NaN.</summary>
    static abstract TSelf Min(TSelf a, TSelf b);

    /// <summary>To the nearest integer, ties to even.</summary>
    static abstract TSelf Round(TSelf a);

    /// <summary>
    /// <c>a * 2^n</c> for integral n; gradual underflow and overflow to infinity are right for any n.
    /// </summary>
    static abstract TSelf Scale(TSelf a, TSelf n);

    /// <summary>
    /// A positive finite number as m·2^<paramref name="exponent"/> with 1 ≤ m &lt; 2, exact for subnormal ones too; what
    /// comes for other numbers is not said.
    /// </summary>
    static abstract TSelf Split(TSelf a, out TSelf exponent);

    /// <summary>The square root, correctly rounded.</summary>
    static abstract TSelf Sqrt(TSelf a);

    /// <summary>Per lane <c>a &gt; b ? x : y</c>; y where either is NaN.</summary>
    static abstract TSelf SelectGreater(TSelf a, TSelf b, TSelf x, TSelf y);

    /// <summary>Per lane <c>a == b ? x : y</c>.</summary>
    static abstract TSelf SelectEqual(TSelf a, TSelf b, TSelf x, TSelf y);

    /// <summary>The first lane where a == b; the width or more when there is none.</summary>
    static abstract int FirstEqual(TSelf a, TSelf b);

    /// <summary>The largest lane; which one is not said where a lane is NaN.</summary>
    static abstract double Largest(TSelf a);

    /// <summary>Sum of the lanes, in a fixed order.</summary>
    static abstract double Sum(TSelf a);

    /// <summary>
    /// The sums of the lanes of four vectors, each in the same fixed order and in the element type, to four elements of
    /// memory: what many short dot products end with.
    /// </summary>
    static abstract void SumEach(TSelf a, TSelf b, TSelf c, TSelf d, TElement* target);

    /// <summary>Adds the lanes to as many doubles in memory.</summary>
    static abstract void AddTo(double* sums, TSelf value);
}
