namespace KdKernels.Kernels.Tests;

/// <summary>
/// The steps of Device/SquareRoot.cs in C#, for every float32 of two binades (of which all others are powers of 4 away) and
/// every reciprocal root that the instruction may give: it documents 2^-22.9, which is less than three units in the last place.
/// </summary>
public sealed class SquareRootTests
{
    [Theory, InlineData(-3), InlineData(-2), InlineData(-1), InlineData(0), InlineData(1), InlineData(2), InlineData(3)]
    public void Is_rounded_correctly_whatever_the_approximation(int ulps)
    {
        int wrong = 0;
        Parallel.For(0, 256, part =>
        {
            uint first = BitConverter.SingleToUInt32Bits(0.5f) + ((uint)part << 16);
            for (uint bits = first; bits < first + (1u << 16); bits++)
            {
                float x = BitConverter.UInt32BitsToSingle(bits);
                uint exact = BitConverter.SingleToUInt32Bits((float)(1 / Math.Sqrt(x)));
                float root = Root(x, BitConverter.UInt32BitsToSingle((uint)(exact + ulps)));
                if (root != MathF.Sqrt(x)) Interlocked.Increment(ref wrong);
            }
        });
        Assert.Equal(0, wrong);
    }

    private static float Root(float x, float reciprocal)
    {
        float root = x * reciprocal;
        float half = reciprocal * 0.5f;
        float error = MathF.FusedMultiplyAdd(-half, root, 0.5f);
        root = MathF.FusedMultiplyAdd(root, error, root);
        half = MathF.FusedMultiplyAdd(half, error, half);
        float remainder = MathF.FusedMultiplyAdd(-root, root, x);
        return MathF.FusedMultiplyAdd(remainder, half, root);
    }
}
