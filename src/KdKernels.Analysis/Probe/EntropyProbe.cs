using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Probe;

/// <summary>
/// Finds for every unit of some items the largest Gaussian noise that leaves a layer's features nearly unchanged (Cheng et al., CVPR
/// 2020, section 3.1): per item
/// <c>min_σ E_ε mean((f(x + σ⊙ε) − f(x))²) / δ_f² − α · mean_i H_i</c>, <c>H_i = log σ_i + ½ log 2πe</c>, by plain gradient descent
/// from the same σ everywhere; δ_f² is the first term's numerator at that σ. A unit of high entropy is one that the layer discards.
/// </summary>
/// <remarks>
/// Items are optimised side by side and do not influence each other. Noise is a function of (seed, step, item, copy): the same
/// for every network, checkpoint and layer. The term of the features is multiplied by 1/δ_f², so that their scale does not
/// matter; an item whose features do not respond has that term 0.
/// </remarks>
public static class EntropyProbe
{
    // The noise that δ_f² is measured with; the optimisation's own steps count from 1.
    private const uint ScaleStep = 0;

    /// <summary>Probes images.</summary>
    /// <param name="network">In evaluation mode; its parameters get no gradients.</param>
    /// <param name="layer">A module whose output, of any shape <c>[B, ...]</c>, are the features.</param>
    /// <param name="images">Normalised, <c>[N, C, H, W]</c>, float32 or float64.</param>
    /// <param name="settings">How.</param>
    /// <param name="cancellation">Looked at in every step.</param>
    /// <exception cref="AnalysisException">The layer does not exist, the network is in training mode, or a setting is outside of
    /// its range.</exception>
    public static ProbeResult Run(
        nn.Module<Tensor, Tensor> network,
        string layer,
        Tensor images,
        ProbeSettings settings,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(settings);
        settings.Check();
        return images.dim() == 4
            ? Run(network, layer, new ImageItems(images, settings.Grid), settings, cancellation)
            : throw new ArgumentException(
                $"expected images [N, C, H, W] but got [{string.Join(", ", images.shape)}]", nameof(images));
    }

    internal static ProbeResult Run(
        nn.Module<Tensor, Tensor> network,
        string layer,
        ProbeItems items,
        ProbeSettings settings,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(layer);
        settings.Check();
        using var probe = new LayerProbe(network, layer, items.Site);
        int atOnce = Math.Max(1, settings.CopiesPerPass / settings.Samples);
        List<ProbeResult> parts = [];
        for (long first = 0; first < items.Count; first += atOnce)
        {
            using var scope = NewDisposeScope();
            var batch = new ProbeBatch(probe, items, first, Math.Min(atOnce, items.Count - first), settings);
            parts.Add(Optimise(batch, settings, cancellation));
        }

        return Join(parts, items);
    }

    private static ProbeResult Optimise(ProbeBatch batch, ProbeSettings settings, CancellationToken cancellation)
    {
        batch.MeasureScale(ScaleStep);
        var choice = new SigmaChoice(batch.Count, settings);
        Descend(0, settings.Steps, settings.Alpha);
        if (settings.Selection == ProbeSelection.NearestTarget)
        {
            choice.BeginExtra();
            Descend(settings.Steps, settings.Steps + settings.ExtraSteps, settings.Alpha * settings.AlphaGrowth);
        }

        return choice.Result(batch.Units, batch.Scale);

        void Descend(int from, int to, double alpha)
        {
            for (int step = from; step < to && !choice.IsDone; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                choice.Look(step, batch.Step((uint)step + 1, alpha), batch.LastSigma);
            }
        }
    }

    private static ProbeResult Join(List<ProbeResult> parts, ProbeItems items) => new()
    {
        Rows = (int)items.Units.Rows,
        Columns = (int)items.Units.Columns,
        Sigma = [.. parts.SelectMany(part => part.Sigma)],
        Entropies = [.. parts.SelectMany(part => part.Entropies)],
        Step = [.. parts.SelectMany(part => part.Step)],
        Reached = [.. parts.SelectMany(part => part.Reached)],
        FeatureScale = [.. parts.SelectMany(part => part.FeatureScale)],
        Clamped = [.. parts.SelectMany(part => part.Clamped)],
    };

    /// <summary>A tensor's values on the CPU, widened.</summary>
    internal static double[] Values(Tensor tensor)
    {
        using Tensor host = tensor.detach().to(ScalarType.Float64).cpu().contiguous();
        return MemoryMarshal.Cast<byte, double>(host.bytes).ToArray();
    }
}
