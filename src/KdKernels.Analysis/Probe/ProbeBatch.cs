using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Analysis.Probe;

/// <summary>Items that go through a network together, with their deviations. Lives in the dispose scope that it is made in.</summary>
internal sealed class ProbeBatch
{
    // Those of the published 16x16 cells.
    private const double UnitsOfRate = 256;

    private readonly LayerProbe probe;
    private readonly ProbeItems items;
    private readonly ProbeSettings settings;
    private readonly uint firstSample;
    private readonly Tensor inputs;
    private readonly Tensor values;
    private readonly Tensor clean;
    private readonly Tensor? present;
    private readonly Tensor unitWeights;
    private readonly Tensor rates;
    private Tensor inverseScale;
    private Tensor sigma;

    public ProbeBatch(LayerProbe probe, ProbeItems items, long first, long count, ProbeSettings settings)
    {
        this.probe = probe;
        this.items = items;
        this.settings = settings;
        Count = (int)count;
        firstSample = checked((uint)(first * settings.Samples));
        Tensor own = items.Inputs.narrow(0, first, count);
        using (no_grad())
        {
            values = items.ToImages(items.Site is null ? own : probe.SiteValues(own)).contiguous();
            clean = Flat(probe.Features(own), 1);
        }

        // Inside of a network the copies differ in what the site gives; at its input they are the noisy values.
        inputs = items.Site is null ? own : own.repeat_interleave(settings.Samples, 0);
        Units = items.Units;
        present = items.Present?.narrow(0, first, count).to(values.dtype);
        sigma = full([count, Units.Rows, Units.Columns], settings.InitialSigma, values.dtype, values.device);
        inverseScale = zeros([count], values.dtype, values.device);
        Tensor units = present ?? ones_like(sigma);
        Tensor counts = units.sum([1L, 2L], keepdim: true);
        unitWeights = units / counts;
        rates = counts * (settings.LearningRate / UnitsOfRate);
    }

    public int Count { get; }

    public (long Rows, long Columns) Units { get; }

    /// <summary>δ_f² of every item.</summary>
    public double[] Scale { get; private set; } = [];

    /// <summary>The deviations of the last step's forward pass, <c>[N · units]</c>.</summary>
    public double[] LastSigma { get; private set; } = [];

    /// <summary>Takes δ_f² from one batch of noise under the first deviations.</summary>
    public void MeasureScale(uint step)
    {
        using var scope = NewDisposeScope();
        using (no_grad())
        {
            Tensor error = Error(sigma, step);
            Scale = EntropyProbe.Values(error);
            inverseScale = where(error > 0, error.reciprocal(), zeros_like(error)).MoveToOuterDisposeScope();
        }
    }

    /// <summary>One step of gradient descent on the sum of the items' objectives. Gives the mean entropies before it.</summary>
    public double[] Step(uint step, double alpha)
    {
        using var scope = NewDisposeScope();
        Tensor leaf = sigma.detach().requires_grad_();
        Tensor entropy = (KdFunctional.PixelEntropy(leaf, KdReduction.None) * unitWeights).sum([1L, 2L]);
        Tensor loss = (Error(leaf, step) * inverseScale).sum() - alpha * entropy.sum();
        Tensor gradient = autograd.grad([loss], [leaf])[0];
        LastSigma = EntropyProbe.Values(leaf);
        double[] means = EntropyProbe.Values(entropy);
        Tensor moved = leaf.detach() - rates * gradient;
        sigma.Dispose();
        sigma = moved.clamp(settings.MinSigma, settings.MaxSigma).MoveToOuterDisposeScope();
        return means;
    }

    // Mean over copies and elements of the features' squared change, [N].
    private Tensor Error(Tensor deviations, uint step)
    {
        Tensor applied = present is null ? deviations : deviations * present;
        Tensor noisy = items.FromImages(
            KdFunctional.NoiseProbe(values, applied, settings.Seed, step, firstSample, settings.Samples));
        Tensor features = items.Site is null ? probe.Features(noisy) : probe.Features(inputs, noisy);
        return (Flat(features, settings.Samples) - clean).square().mean([1L, 2L]);
    }

    // [N · copies, ...] to [N, copies, elements], behind a ReLU where that is asked for.
    private Tensor Flat(Tensor features, int copies)
    {
        Tensor flat = features.reshape(Count, copies, -1);
        return settings.Rectify ? flat.relu() : flat;
    }
}
