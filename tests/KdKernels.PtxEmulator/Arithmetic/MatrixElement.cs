namespace KdKernels.PtxEmulator.Arithmetic;

/// <summary>What the operands of mma are.</summary>
internal enum MatrixElement
{
    /// <summary>The upper 19 bits of a float32; the hardware does not look at the others.</summary>
    TF32,

    /// <summary>Two in a word.</summary>
    BF16,

    /// <summary>Two in a word.</summary>
    F16,
}

/// <summary>The elements of mma, and the sums that it makes.</summary>
internal static class MatrixArithmetic
{
    /// <summary>Elements in a word.</summary>
    public static int PerWord(MatrixElement element) => element == MatrixElement.TF32 ? 1 : 2;

    public static double Read(MatrixElement element, uint word, int part) => element switch
    {
        MatrixElement.TF32 => BitConverter.UInt32BitsToSingle(word & 0xffffe000),
        MatrixElement.BF16 => BitConverter.UInt32BitsToSingle(part == 0 ? word << 16 : word & 0xffff0000),
        _ => (double)BitConverter.UInt16BitsToHalf((ushort)(word >> (16 * part))),
    };

    /// <summary>
    /// c + Σ a·b, in double and rounded once. How the hardware adds is not specified; it drops digits of the terms that
    /// lie below the largest one and rounds towards zero. Disturbed, the result moves towards zero by up to
    /// 2^-22 of the largest term or result, by a hash of seed and terms, so that equal operands give equal results.
    /// </summary>
    public static float Sum(float c, ReadOnlySpan<double> a, ReadOnlySpan<double> b, ulong? disturbance)
    {
        double sum = c, largest = Math.Abs(c);
        for (int k = 0; k < a.Length; k++)
        {
            double product = a[k] * b[k];
            sum += product;
            largest = Math.Max(largest, Math.Abs(product));
        }

        float rounded = (float)sum;
        if (float.IsNaN(rounded))
            return Single.NaN;
        if (disturbance is not { } seed || !float.IsFinite(rounded) || sum == 0)
            return rounded;
        ulong hash = seed ^ (ulong)BitConverter.DoubleToInt64Bits(sum) ^ ((ulong)BitConverter.DoubleToInt64Bits(largest) << 7);
        hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
        hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
        double off = Math.ScaleB((hash >> 11) / (double)(1L << 53), -22) * Math.Max(largest, Math.Abs(sum));
        // Past zero it would be an error of its own: integers that cancel cancel on a device too.
        return off >= Math.Abs(sum) ? 0 : (float)(sum - Math.CopySign(off, sum));
    }
}
