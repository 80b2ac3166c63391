using KdKernels.Core;
using KdKernels.Distillation.Data.Mixing;

namespace KdKernels.Distillation.Data.Augmenting;

/// <summary>The random numbers of one image of a batch.</summary>
internal static class ImageStream
{
    private const int RowBits = 24;

    /// <exception cref="ArgumentException">Run or place is too large for one counter.</exception>
    public static PhiloxSequence Of(MixingKey key, uint purpose, int row)
    {
        if (key.Run >= 1u << (32 - RowBits) || row >= 1 << RowBits)
        {
            throw new ArgumentException(
                $"expected a run below {1u << (32 - RowBits)} and a place below {1 << RowBits} but got {key.Run} and {row}",
                nameof(key));
        }

        return new PhiloxSequence(key.Seed, purpose, key.Step, (key.Run << RowBits) | (uint)row);
    }
}
