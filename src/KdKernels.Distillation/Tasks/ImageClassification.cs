using System.Globalization;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>Images, one class each.</summary>
internal sealed class ImageClassification : LearningTask
{
    public const string KindName = "images";

    private readonly ImageSet all;
    private readonly int? omitted;

    private ImageClassification(ImageSet all, ImageSet train, ImageSet heldOut, int? omitted = null)
    {
        this.all = all;
        this.omitted = omitted;
        Train = train;
        HeldOut = heldOut;
    }

    public override string Kind => KindName;

    public ImageSet Train { get; }

    /// <summary>The test images, or the validation images where the recipe asks for some.</summary>
    public ImageSet HeldOut { get; }

    /// <summary>By which images are normalised: those of all training images, before any was left out.</summary>
    public ChannelStatistics Statistics => all.Statistics;

    public override string TrainName => Train.Name;

    public override string HeldOutName => HeldOut.Name;

    public override int TrainCount => Train.Count;

    public override int HeldOutCount => HeldOut.Count;

    public override int Classes => Train.ClassCount;

    public override IReadOnlyList<int> TrainLabels => Train.Labels.ToArray();

    public override IReadOnlyList<int> HeldOutLabels => HeldOut.Labels.ToArray();

    public override string Description => Train.Description;

    public override string TrainFingerprint => Train.Fingerprint;

    public override string HeldOutFingerprint => HeldOut.Fingerprint;

    public override ImageSet HeldOutImages => HeldOut;

    /// <summary>Loads what a recipe names and checks that networks can be trained on it.</summary>
    /// <exception cref="RecipeException">They cannot.</exception>
    /// <exception cref="KdDataException">Files are missing or damaged.</exception>
    public static ImageClassification Load(DataRecipe data, string recipe, string key = "data")
    {
        ImageSet train;
        ImageSet heldOut;
        try
        {
            DataSplits splits = DataSources.Load(new DataOptions
            {
                Source = data.Name,
                Root = data.Root,
                TrainCount = data.Train == 0 ? null : data.Train,
                TestCount = data.Test == 0 ? null : data.Test,
                ImageSize = data.ImageSize == 0 ? null : data.ImageSize,
            });
            (train, heldOut) = (splits.Train, splits.Test);
        }
        catch (ArgumentException error)
        {
            throw new RecipeException(recipe, 0, key, error.Message);
        }

        if (train.Height != train.Width)
        {
            throw new RecipeException(recipe, 0, $"{key}.image-size", $"expected square images but got {train.Shape}");
        }

        if (data.Validation > 0)
        {
            if (data.Validation >= train.Count)
            {
                throw new RecipeException(
                    recipe,
                    0,
                    $"{key}.validation",
                    $"expected less than the {train.Count} training images but got {data.Validation}");
            }

            (heldOut, train) = train.StratifiedSplit(data.Validation, seed: 0);
        }

        return train.Count < 2
            ? throw new RecipeException(
                recipe, 0, $"{key}.train", $"expected at least 2 training images but got {train.Count}")
            : new ImageClassification(train, train, heldOut);
    }

    public override NetworkSignature SignatureOf(string model) => new(model, Train.ClassCount, Train.Channels, Train.Height);

    // Normalised as before anything was left out, so that a teacher of all images and a student of a few see the same.
    public override IBatches TrainingBatches(AugmentRecipe augment, int batchSize, long seed, Device device) =>
        ImageBatches.Training(Train, Statistics, augment, batchSize, seed, device);

    public override LearningTask WithTraining(int perClass, int omitClass)
    {
        int[] kept = TrainingChoice.Kept(Train.Labels, Train.ClassCount, perClass, omitClass);
        return kept.Length == Train.Count
            ? this
            : new ImageClassification(all, Train.Select(kept), HeldOut, omitClass < 0 ? null : omitClass);
    }

    public override LearningTask ForSelection()
    {
        (ImageSet selection, ImageSet train) = Train.StratifiedSplit(Math.Max(1, Train.Count / 10), seed: 0);
        return new ImageClassification(all, train, selection);
    }

    public override Evaluation Evaluate(
        nn.Module<Tensor, Tensor> network, EvaluationRecipe evaluation, Device device, int[]? teacher)
    {
        var evaluator = new ImageEvaluator(HeldOut, Statistics, evaluation.BatchSize, device);
        Evaluation clean = evaluator.Run(network, teacher);
        if (evaluation.Noise.Count == 0 && omitted is null)
        {
            return clean;
        }

        var extra = new SortedDictionary<string, double>(StringComparer.Ordinal);
        if (omitted is { } hidden)
        {
            OmittedClass.Measure(evaluator.Logits(network), HeldOut.Labels, hidden, extra);
        }

        foreach (double sigma in evaluation.Noise)
        {
            extra[string.Create(CultureInfo.InvariantCulture, $"accuracy under noise {sigma}")] = evaluator.Run(network, teacher: null, sigma).Metrics.Accuracy;
        }

        return clean with { Metrics = clean.Metrics with { Extra = extra } };
    }

    /// <summary>A network's logits <c>[N][K]</c> for the held-out images, in evaluation mode.</summary>
    public IReadOnlyList<float[]> HeldOutLogits(nn.Module<Tensor, Tensor> network, int batchSize, Device device) =>
        new ImageEvaluator(HeldOut, all.Statistics, batchSize, device).Logits(network);

    protected override nn.Module<Tensor, Tensor> Build(string model) =>
        ModelRegistry.Create(model, Train.ClassCount, Train.Channels, Train.Height);
}
