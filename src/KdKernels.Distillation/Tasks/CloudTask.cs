using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>Point clouds, one class each. Nothing is changed in training: every cloud of the generator was turned, stretched
/// and disturbed already.</summary>
internal sealed class CloudTask : LearningTask
{
    public const string KindName = "clouds";

    private readonly CloudSet train;
    private readonly CloudSet heldOut;
    private readonly int? omitted;

    /// <param name="train">Clouds to train on.</param>
    /// <param name="heldOut">Clouds of as many points and the same classes.</param>
    /// <param name="omitted">The class of which training has none; null where it has all.</param>
    internal CloudTask(CloudSet train, CloudSet heldOut, int? omitted = null)
    {
        this.train = train;
        this.heldOut = heldOut;
        this.omitted = omitted;
    }

    public override string Kind => KindName;

    public override string Item => "cloud";

    public override string TrainName => train.Name;

    public override string HeldOutName => heldOut.Name;

    public override int TrainCount => train.Count;

    public override int HeldOutCount => heldOut.Count;

    public override int Classes => train.ClassCount;

    public override IReadOnlyList<int> TrainLabels => train.Labels.ToArray();

    public override IReadOnlyList<int> HeldOutLabels => heldOut.Labels.ToArray();

    public override string Description => train.Description;

    public override string TrainFingerprint => train.Fingerprint;

    public override string HeldOutFingerprint => heldOut.Fingerprint;

    /// <summary>Generates what a recipe asks for; validation clouds are the last of the training ones.</summary>
    /// <exception cref="RecipeException">It asks for what clouds do not have.</exception>
    public static CloudTask Load(DataRecipe data, string recipe, string key)
    {
        (int trained, int tested, ulong seed) = GeneratedItems.Read(data, recipe, key);
        CloudSplits splits = Clouds.Generate(trained, tested, seed);
        return data.Validation == 0 ? new CloudTask(splits.Train, splits.Test) : HoldOutLast(splits.Train, data.Validation);
    }

    public override NetworkSignature SignatureOf(string model) =>
        new(model, train.ClassCount, CloudSet.Channels, train.PointCount);

    public override IBatches TrainingBatches(AugmentRecipe augment, int batchSize, long seed, Device device) =>
        new CloudBatches(train, ImageBatches.Shuffled(train.Count, batchSize, seed), device);

    public override LearningTask WithTraining(int perClass, int omitClass)
    {
        int[] kept = TrainingChoice.Kept(train.Labels, train.ClassCount, perClass, omitClass);
        return kept.Length == train.Count
            ? this
            : new CloudTask(train.Select(kept), heldOut, omitClass < 0 ? null : omitClass);
    }

    public override LearningTask ForSelection() => HoldOutLast(train, Math.Max(1, train.Count / 10));

    public override Evaluation Evaluate(
        nn.Module<Tensor, Tensor> network, EvaluationRecipe evaluation, Device device, int[]? teacher)
    {
        var batches = new CloudBatches(heldOut, BatchPlan.Sequential(heldOut.Count, evaluation.BatchSize), device);
        var evaluator = new ClassEvaluator(batches, heldOut.Labels.ToArray());
        Evaluation clean = evaluator.Run(network, teacher);
        if (omitted is not { } hidden)
        {
            return clean;
        }

        var extra = new SortedDictionary<string, double>(StringComparer.Ordinal);
        OmittedClass.Measure(evaluator.Logits(network), heldOut.Labels, hidden, extra);
        return clean with { Metrics = clean.Metrics with { Extra = extra } };
    }

    public override string? UnitsUnavailable => heldOut.HasMasks
        ? null
        : $"expected masks that say which points are the object's but {heldOut.Name} has none";

    /// <summary>Points; those in the foreground are the object's.</summary>
    /// <inheritdoc/>
    public override UnitItems? Units(ReadOnlySpan<int> items, Device device)
    {
        if (!heldOut.HasMasks)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        Tensor foreground = empty([items.Length, heldOut.PointCount], dtype: ScalarType.Bool);
        for (int i = 0; i < items.Length; i++)
        {
            heldOut.Mask(items[i]).CopyTo(foreground.bytes[(i * heldOut.PointCount)..]);
        }

        return new UnitItems(
            CloudBatches.Points(heldOut, items).to(device).MoveToOuterDisposeScope(),
            Site: null,
            ones_like(foreground).to(device).MoveToOuterDisposeScope(),
            foreground.to(device).MoveToOuterDisposeScope());
    }

    protected override nn.Module<Tensor, Tensor> Build(string model) =>
        ModelRegistry.Create(Kind, model, train.ClassCount, CloudSet.Channels, train.PointCount);

    private static CloudTask HoldOutLast(CloudSet set, int held) =>
        new(set.Take(set.Count - held), set.Range(set.Count - held, held));
}
