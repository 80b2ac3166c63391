using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels;

/// <summary>
/// <see cref="KdFunctional.FspGram"/> and <see cref="KdFunctional.FspLoss(Tensor, Tensor, Tensor, Tensor, KdReduction, FspOptions?)"/>
/// by composed torch operations, differentiable any number of times. The autograd function takes its second and higher derivatives
/// from here; tests and benches compare with it.
/// </summary>
public static class FspGramComposed
{
    /// <summary>The matrices <c>[B, C1, C2]</c>, float32 for 16-bit features.</summary>
    public static Tensor Gram(Tensor features1, Tensor features2, FspPooling pooling)
    {
        ArgumentNullException.ThrowIfNull(features1);
        ArgumentNullException.ThrowIfNull(features2);
        long height = Math.Min(features1.shape[2], features2.shape[2]), width = Math.Min(features1.shape[3], features2.shape[3]);
        return Planes(features1).bmm(Planes(features2).transpose(1, 2)) / (height * width);

        Tensor Planes(Tensor layer)
        {
            var features = TensorMemory.Widen(layer);
            if (features.shape[2] == height && features.shape[3] == width) return features.flatten(2);
            return (pooling == FspPooling.Max
                ? nn.functional.adaptive_max_pool2d(features, [height, width])
                : nn.functional.adaptive_avg_pool2d(features, [height, width])).flatten(2);
        }
    }

    /// <summary>The loss, reduced.</summary>
    public static Tensor Loss(
        Tensor student1, Tensor student2, Tensor teacher1, Tensor teacher2, FspOptions options, KdReduction reduction)
    {
        ArgumentNullException.ThrowIfNull(options);
        var difference = Gram(student1, student2, options.Pooling) - Gram(teacher1, teacher2, options.Pooling);
        double products = (double)difference.shape[1] * difference.shape[2];
        var perSample = options.Form switch
        {
            FspForm.Paper => difference.pow(2).sum([1, 2]),
            FspForm.Mean => difference.pow(2).sum([1, 2]) / products,
            _ => difference.norm(1).sum(1),
        };
        return FeatureMaps.Reduce(perSample, reduction, elementsPerSample: 1);
    }
}
