using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.AttentionSquared"/> and <see cref="KdFunctional.AttentionMap"/> by composed torch operations,
/// differentiable any number of times. The autograd function takes its second and higher derivatives from here; tests and benches
/// compare with it. The paper's form has no second derivative where the maps are equal.
/// </summary>
public static class AttentionSquaredComposed
{
    /// <summary>The loss, reduced.</summary>
    public static Tensor Loss(Tensor student, Tensor teacher, AttentionOptions options, KdReduction reduction)
    {
        ArgumentNullException.ThrowIfNull(student);
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(options);
        (student, teacher) = (TensorMemory.Widen(student), TensorMemory.Widen(teacher));
        long height = Math.Min(student.shape[2], teacher.shape[2]), width = Math.Min(student.shape[3], teacher.shape[3]);
        var difference = Normalised(student) - Normalised(teacher);
        var perSample = options.Form == AttentionForm.Paper
            ? difference.norm(1) * (options.Beta / 2)
            : difference.pow(2).sum(1) * options.Beta;
        return FeatureMaps.Reduce(perSample, reduction, (double)height * width);

        Tensor Normalised(Tensor features)
        {
            bool pools = features.shape[2] != height || features.shape[3] != width;
            var pooled = pools ? nn.functional.adaptive_avg_pool2d(features, [height, width]) : features;
            return Map(pooled, options.Power, options.Channels, normalise: true).flatten(1);
        }
    }

    /// <summary>The attention map <c>[B, H, W]</c>, raw or divided by max(‖Q‖₂, 1e-12).</summary>
    public static Tensor Map(Tensor features, int power, ChannelReduction channels, bool normalise)
    {
        ArgumentNullException.ThrowIfNull(features);
        features = TensorMemory.Widen(features);
        var powers = power == 1 ? features.abs() : features.pow(power);
        var map = channels == ChannelReduction.Mean ? powers.mean([1]) : powers.sum(1);
        return normalise ? UnitRows.Of(map.flatten(1)).view(map.shape) : map;
    }
}
