using KdKernels.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>The attention map in the autograd graph. Input: features. Output: <c>[B, H, W]</c>.</summary>
internal sealed class AttentionMapFunction(AttentionMapSettings settings) : FusedOp
{
    public override string Name => nameof(AttentionMap);

    public override Tensor Forward(Tensor?[] inputs, bool[] needs, Tensor?[] gradients)
    {
        var features = inputs[0]!;
        long[] shape = features.shape;
        var map = empty([shape[0], shape[2], shape[3]], TensorMemory.ResultType(features), features.device);
        AttentionMap.Forward(FeatureMaps.View(features), settings, Maps(map), queue: TorchQueue.Of(features));
        GC.KeepAlive(features);
        return map;
    }

    public override void Backward(Tensor?[] inputs, Tensor upstream, bool[] needs, Tensor?[] gradients)
    {
        var features = inputs[0]!;
        gradients[0] = FeatureMaps.Allocate(features);
        var dense = upstream.contiguous();
        AttentionMap.Backward(
            FeatureMaps.View(features), settings, Maps(dense), FeatureMaps.Rows(gradients[0]!), TorchQueue.Of(features));
        GC.KeepAlive((features, dense));
    }

    public override Tensor Composed(Tensor?[] inputs) =>
        AttentionSquaredComposed.Map(inputs[0]!, settings.Power, settings.Channels, settings.Normalise);

    /// <summary>The pixel of the largest attention of each sample.</summary>
    internal static Tensor Peak(Tensor features, AttentionMapSettings settings)
    {
        var peak = empty([features.shape[0]], ScalarType.Int64, features.device);
        AttentionMap.Forward(
            FeatureMaps.View(features), settings, map: null, FeatureMaps.LossRows(peak), TorchQueue.Of(features));
        GC.KeepAlive(features);
        return peak;
    }

    private static RowsView Maps(Tensor map) => RowsView.Contiguous(
        TensorMemory.Address(map), TensorMemory.ElementType(map), map.shape[0], map.shape[1] * map.shape[2]) with
    {
        Device = TensorMemory.Device(map),
    };
}
