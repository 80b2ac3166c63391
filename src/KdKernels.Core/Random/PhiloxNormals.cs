namespace KdKernels.Core;

/// <summary>
/// Standard normals in float32 as a pure function of (seed, purpose, step, sample, element), so that a backward pass
/// makes the noise of its forward pass again instead of keeping it. The key is the seed, the counter is (element / 4,
/// sample, step, purpose); the four words of a block give the normals of its four elements.
/// </summary>
/// <remarks>
/// <para>Two words w, v give two normals (Box and Muller 1958), the elements with even and odd index:
/// <c>√(−2 ln u)·cos 2πt</c> and <c>√(−2 ln u)·sin 2πt</c> with u = (w | 1)·2^-32 and t = (v | 1)·2^-32. The odd words
/// are the midpoints of 2^31 equal intervals, so that neither 0 nor 1 occurs, the distribution is symmetric, and no
/// normal exceeds √(64 ln 2) = 6.66.</para>
/// <para>Every step is an integer operation, a rounded conversion, a correctly rounded float32 multiplication, fused
/// multiply-add or square root, in one fixed order, and no intermediate value is subnormal: the bits are the same at
/// every vector width, and in the CUDA kernels, whose proofs demand it. The result is within
/// <see cref="LargestRelativeError"/> of the formula, small normals included.</para>
/// </remarks>
public static unsafe class PhiloxNormals
{
    /// <summary>A counter word counts the blocks of four.</summary>
    public const long MostElements = 4L << 32;

    /// <summary>Bound of |normal − formula| / |formula|: 6 roundings of float32 (2^-24 each).</summary>
    public const double LargestRelativeError = 6.0 / (1 << 24);

    /// <summary>The normal of one element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The element is negative or at least 2^34.</exception>
    public static float At(ulong seed, uint purpose, uint step, uint sample, long element)
    {
        float normal;
        Fill(seed, purpose, step, sample, element, &normal, 1);
        return normal;
    }

    /// <summary>
    /// Writes the normals of <paramref name="count"/> elements from <paramref name="first"/> on; each is what
    /// <see cref="At"/> gives.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">An element is negative or at least 2^34.</exception>
    public static void Fill(
        ulong seed, uint purpose, uint step, uint sample, long first, float* target, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MostElements - first);
        uint* keys = stackalloc uint[Philox4x32.RoundKeyCount];
        Philox4x32.WriteRoundKeys(seed, keys);
        var stream = new NormalStream(keys, purpose, step, sample);
        // One block at a time is cheaper than a vector of blocks of which most are thrown away.
        VectorWidth width = count > 8 ? KdCpu.Width : VectorWidth.Scalar;
        switch (width)
        {
            case VectorWidth.Bits512: NormalKernels<Bits32x16>.Fill(stream, first, target, count); break;
            case VectorWidth.Bits256: NormalKernels<Bits32x8>.Fill(stream, first, target, count); break;
            default: NormalKernels<Bits32x1>.Fill(stream, first, target, count); break;
        }
    }
}
