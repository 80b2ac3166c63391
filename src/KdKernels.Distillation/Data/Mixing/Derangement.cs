using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data.Mixing;

/// <summary>Who is mixed with whom.</summary>
internal static class Derangement
{
    /// <summary>A permutation that leaves nobody in place, each equally likely; a single image has only itself.</summary>
    public static long[] Draw(ref PhiloxSequence random, int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        if (count > 1)
        {
            // Of all permutations one in e is a derangement. Drawn on the CPU, a rejected one costs no wait for the device.
            do
            {
                random.Shuffle(order);
            }
            while (HasFixedPoint(order));
        }

        return Array.ConvertAll(order, place => (long)place);
    }

    public static Tensor OnDevice(long[] partners, Device device) => tensor(partners, ScalarType.Int64).to(device);

    private static bool HasFixedPoint(int[] order)
    {
        for (int i = 0; i < order.Length; i++)
        {
            if (order[i] == i)
            {
                return true;
            }
        }

        return false;
    }
}
