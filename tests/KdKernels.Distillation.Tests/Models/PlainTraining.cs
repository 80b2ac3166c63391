using KdKernels.Distillation.Data;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using KdKernels.Distillation.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tests.Models;

/// <summary>Trains a network without a teacher, on the CPU.</summary>
internal static class PlainTraining
{
    private const int BatchSize = 16;
    private const double Rate = 5e-3;

    /// <summary>AdamW with a rate that falls to 0 along a half cosine.</summary>
    /// <param name="network">Trained in place.</param>
    /// <param name="images">Training images, used as they are.</param>
    /// <param name="epochs">Passes over them.</param>
    /// <param name="loss">Images <c>[B, C, H, W]</c>, their labels <c>[B]</c> and their numbers to a scalar.</param>
    public static void Run(
        nn.Module network, ImageSet images, int epochs, Func<Tensor, Tensor, ReadOnlyMemory<int>, Tensor> loss)
    {
        Parameter[] parameters = [.. network.parameters()];
        using var optimizer = optim.AdamW(parameters, Rate, weight_decay: 1e-3);
        ImageBatches loader = ImageBatches.Training(
            images, images.Statistics, new AugmentRecipe(), BatchSize, seed: 1, CPU);
        int steps = epochs * (images.Count / BatchSize);
        int step = 0;
        network.train();
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            foreach (ReadOnlyMemory<int> indices in loader.Plan.Batches(epoch))
            {
                using var scope = NewDisposeScope();
                (Tensor input, Tensor labels, _) = loader.Load(indices.Span, epoch);
                foreach (optim.ILearningRateController group in optimizer.ParamGroups)
                    group.LearningRate = Rate * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, (double)step / steps)));
                optimizer.zero_grad();
                loss(input, labels, indices).backward();
                optimizer.step();
                step++;
            }
        }

        network.eval();
    }

    /// <summary>What a network in evaluation mode says of every image, batch by batch.</summary>
    /// <param name="images">In their order.</param>
    /// <param name="statistics">The training set's.</param>
    /// <param name="visit">Images <c>[B, C, H, W]</c>, their labels <c>[B]</c> and their numbers.</param>
    public static void Visit(
        ImageSet images, ChannelStatistics statistics, Action<Tensor, Tensor, ReadOnlyMemory<int>> visit)
    {
        ImageBatches loader = ImageBatches.Evaluation(images, statistics, batchSize: 100, CPU);
        using IDisposable mode = no_grad();
        foreach (ReadOnlyMemory<int> indices in loader.Plan.Batches(epoch: 0))
        {
            using var scope = NewDisposeScope();
            (Tensor input, Tensor labels, _) = loader.Load(indices.Span, epoch: 0);
            visit(input, labels, indices);
        }
    }
}
