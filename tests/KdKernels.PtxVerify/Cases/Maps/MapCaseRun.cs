using KdKernels.Core;
using KdKernels.PtxVerify.Driver;
using KdKernels.Reference;

namespace KdKernels.PtxVerify.Cases;

/// <summary>A case of AttentionMap: map and largest pixel, or the gradient for a given one of the map.</summary>
internal sealed class MapCaseRun : FeatureCaseRun
{
    private readonly OracleMaps features;
    private readonly DeviceTensor memory;
    private readonly double[] upstream;
    private readonly DeviceTensor? upstreamMemory;
    private readonly DeviceTensor? map;
    private readonly DeviceTensor? peak;
    private readonly DeviceTensor? gradient;

    public MapCaseRun(EmulatedGpu gpu, AttentionCase attentionCase)
        : base(gpu, attentionCase)
    {
        AttentionCase c = Case;
        features = MapData.Draw(c.Pattern, c.Type, 1, c.Batch, c.Channels, c.Height, c.Width);
        memory = Features("features", features);
        upstream = [.. Enumerable.Range(0, c.Batch * features.Pixels).Select(i => ((i * 7) % 11) - 4.5)];
        if (c.Pass == Pass.Forward)
        {
            map = Output("map", KdElementType.Float32, c.Batch, 1, features.Pixels);
            peak = Output("peak", KdElementType.Int64, c.Batch, 1, 1);
        }
        else
        {
            upstreamMemory = Input("upstream", KdElementType.Float32, c.Batch, 1, features.Pixels, upstream);
            gradient = GradientOf(features);
        }
    }

    public override void Execute()
    {
        AttentionCase c = Case;
        var settings = new AttentionMapSettings(c.Power, c.Reduction, c.Normalise);
        var view = new MapView(memory.View, features.Height, features.Width);
        if (gradient is null)
            AttentionMap.Forward(view, settings, map!.View, peak!.View, Queue);
        else
            AttentionMap.Backward(view, settings, upstreamMemory!.View, gradient.View, Queue);
    }

    protected override void Compare(Verdict verdict)
    {
        AttentionCase c = Case;
        bool mean = c.Reduction == ChannelReduction.Mean;
        if (gradient is not null)
        {
            double[] truth = AttentionSquaredOracle.MapGradient(features, c.Power, mean, c.Normalise, upstream);
            CheckGradient(verdict, truth, gradient, features);
            return;
        }

        double[] expected = AttentionSquaredOracle.Map(features, c.Power, mean, c.Normalise);
        verdict.CheckRows(expected, map!.Read(), features.Pixels, Tolerance, "map", KdElementType.Float32);
        double[] raw = AttentionSquaredOracle.Map(features, c.Power, mean, normalise: false), peaks = peak!.Read();
        for (int sample = 0; sample < c.Batch; sample++)
        {
            double[] q = raw[(sample * features.Pixels)..((sample + 1) * features.Pixels)];
            int nan = Array.FindIndex(q, double.IsNaN), first = nan >= 0 ? nan : Array.IndexOf(q, q.Max());
            if (peaks[sample] != first) verdict.Add($"peak of sample {sample}: expected {first} but got {peaks[sample]}");
        }
    }
}
