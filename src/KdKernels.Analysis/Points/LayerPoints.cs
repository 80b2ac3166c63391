using System.Runtime.InteropServices;
using KdKernels.Analysis.Probe;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Points;

/// <summary>The knowledge points of one network at one layer and checkpoint.</summary>
/// <param name="BackgroundMean">H̄, over the background units of all items, in nats.</param>
/// <param name="Entropy">H of every unit, per item.</param>
/// <param name="Points">Per item, the units where <c>H̄ − H &gt; b</c>.</param>
internal sealed record LayerPoints(double BackgroundMean, IReadOnlyList<float[]> Entropy, IReadOnlyList<bool[]> Points)
{
    /// <summary>Takes the points of all items from one call of PixelEntropy.</summary>
    public static LayerPoints Of(ProbeResult probe, ProbedItems items, double threshold)
    {
        float[] sigma = [.. Present(probe.Sigma, items)];
        bool[] foreground = [.. Present(items.Foreground, items)];
        using var scope = NewDisposeScope();
        Tensor deviations = tensor(sigma).reshape(1, sigma.Length);
        Tensor mask = tensor(foreground).reshape(1, foreground.Length);
        using PixelEntropyResult result = KdFunctional.PixelEntropyPoints(
            deviations, mask, KdReduction.None, threshold, withMap: true);
        float mean = result.BackgroundMean.item<float>();
        float[] map = MemoryMarshal.Cast<byte, float>(result.Map!.contiguous().bytes).ToArray();
        List<float[]> entropies = [];
        List<bool[]> points = [];
        int next = 0;
        foreach (bool[] present in items.Present)
        {
            float[] own = Array.ConvertAll(present, exists => exists ? map[next++] : float.NaN);
            entropies.Add(own);
            points.Add(Array.ConvertAll(own, entropy => mean - entropy > threshold));
        }

        return new LayerPoints(mean, entropies, points);
    }

    /// <summary>N_fg of an item.</summary>
    public int Foreground(int item, ProbedItems items) => Count(item, items, foreground: true);

    /// <summary>N_bg of an item.</summary>
    public int Background(int item, ProbedItems items) => Count(item, items, foreground: false);

    /// <summary>Mean entropy over an item's foreground minus that over its background.</summary>
    public double Contrast(int item, ProbedItems items)
    {
        (double Inside, double Outside) sums = default;
        (int Inside, int Outside) counts = default;
        for (int unit = 0; unit < Entropy[item].Length; unit++)
        {
            if (!items.Present[item][unit])
            {
                continue;
            }

            if (items.Foreground[item][unit])
            {
                sums.Inside += Entropy[item][unit];
                counts.Inside++;
            }
            else
            {
                sums.Outside += Entropy[item][unit];
                counts.Outside++;
            }
        }

        return sums.Inside / counts.Inside - sums.Outside / counts.Outside;
    }

    private int Count(int item, ProbedItems items, bool foreground)
    {
        int count = 0;
        for (int unit = 0; unit < Points[item].Length; unit++)
        {
            count += Points[item][unit] && items.Foreground[item][unit] == foreground ? 1 : 0;
        }

        return count;
    }

    private static IEnumerable<T> Present<T>(IReadOnlyList<T[]> values, ProbedItems items)
    {
        for (int item = 0; item < values.Count; item++)
        {
            for (int unit = 0; unit < values[item].Length; unit++)
            {
                if (items.Present[item][unit])
                {
                    yield return values[item][unit];
                }
            }
        }
    }
}
