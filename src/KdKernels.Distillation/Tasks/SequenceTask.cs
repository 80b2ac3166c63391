using System.Runtime.InteropServices;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Data.Sequences;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>
/// Token sequences with one class each, or with the first and last position of an answer. A span's two positions are two rows of
/// class logits; it is right if both are.
/// </summary>
internal sealed class SequenceTask : LearningTask
{
    public const string Sequences = "sequences";
    public const string Spans = "spans";

    // What a recipe that asks for all training items gets of a generated set.
    private const int TrainCountDefault = 4000;
    private const int TestCountDefault = 2000;

    private readonly TokenSet train;
    private readonly TokenSet heldOut;

    private SequenceTask(TokenSet train, TokenSet heldOut)
    {
        this.train = train;
        this.heldOut = heldOut;
    }

    public override string Kind => train.LabelCount == 1 ? Sequences : Spans;

    public override string Item => train.LabelCount == 1 ? "sequence" : "question";

    public override string TrainName => train.Name;

    public override string HeldOutName => heldOut.Name;

    public override int TrainCount => train.Count;

    public override int HeldOutCount => heldOut.Count;

    public override int Classes => train.ClassCount;

    public override IReadOnlyList<int>? TrainLabels => train.LabelCount == 1 ? train.Labels.ToArray() : null;

    public override IReadOnlyList<int>? HeldOutLabels => heldOut.LabelCount == 1 ? heldOut.Labels.ToArray() : null;

    public override string Description => train.Description;

    public override string TrainFingerprint => train.Fingerprint;

    public override string HeldOutFingerprint => heldOut.Fingerprint;

    public override bool RowsAreItems => train.LabelCount == 1;

    /// <summary>Generates what a recipe asks for; validation items are the last of the training ones.</summary>
    /// <exception cref="RecipeException">It asks for what sequences do not have.</exception>
    public static SequenceTask Load(
        DataRecipe data, string recipe, string key, Func<int, int, ulong, TokenSplits> generate)
    {
        AugmentRecipe augment = data.Augment;
        if (augment.Crop > 0 || augment.Flip || augment.Cutout > 0)
        {
            throw new RecipeException(recipe, 0, $"{key}.augment", $"expected none for {data.Name}, which has no images, but got some");
        }

        if (data.ImageSize != 0)
        {
            throw new RecipeException(recipe, 0, $"{key}.image-size", $"expected 0 for {data.Name}, which has no images, but got {data.ImageSize}");
        }

        int count = data.Train == 0 ? TrainCountDefault : data.Train;
        TokenSplits splits = generate(count, data.Test == 0 ? TestCountDefault : data.Test, new DataOptions { Source = data.Name }.Seed);
        if (data.Validation == 0)
        {
            return new SequenceTask(splits.Train, splits.Test);
        }

        return data.Validation < count - 1
            ? new SequenceTask(splits.Train.Take(count - data.Validation), splits.Train.Range(count - data.Validation, data.Validation))
            : throw new RecipeException(
                recipe, 0, $"{key}.validation", $"expected less than the {count} training items but got {data.Validation}");
    }

    public override NetworkSignature SignatureOf(string model) =>
        new(model, train.ClassCount, train.Vocabulary.Count, train.Length);

    public override IBatches TrainingBatches(AugmentRecipe augment, int batchSize, long seed, Device device) =>
        new TokenBatches(train, ImageBatches.Shuffled(train.Count, batchSize, seed), device);

    public override LearningTask WithTraining(int perClass, int omitClass)
    {
        int[] seen = new int[train.ClassCount];
        List<int> kept = [];
        for (int i = 0; i < train.Count; i++)
        {
            int label = train.LabelsOf(i)[0];
            if (label != omitClass && (perClass == 0 || seen[label] < perClass))
            {
                kept.Add(i);
            }

            seen[label]++;
        }

        return new SequenceTask(train.Select([.. kept]), heldOut);
    }

    public override LearningTask ForSelection()
    {
        int held = Math.Max(1, train.Count / 10);
        return new SequenceTask(train.Take(train.Count - held), train.Range(train.Count - held, held));
    }

    public override Tensor ClassRows(Tensor output) => output.reshape(-1, output.shape[^1]);

    public override Tensor LabelRows(Tensor labels) => labels.reshape(-1);

    public override Tensor LabelLoss(NetworkPass pass, Batch batch) =>
        nn.functional.cross_entropy(ClassRows(pass.Output), LabelRows(batch.Labels));

    public override Tensor Hits(NetworkPass pass, Batch batch) => Right(pass.Output.detach().argmax(-1), batch.Labels).sum();

    public override Tensor Agreements(Tensor output, Tensor other) =>
        Right(output.detach().argmax(-1), other.detach().argmax(-1)).sum();

    public override Evaluation Evaluate(
        nn.Module<Tensor, Tensor> network, EvaluationRecipe evaluation, Device device, int[]? teacher)
    {
        using var evaluationMode = new EvaluationMode(network);
        int labels = heldOut.LabelCount;
        int[] answers = new int[heldOut.Count * labels];
        double loss = 0;
        double entropy = 0;
        using (no_grad())
        {
            var batches = new TokenBatches(
                heldOut, BatchPlan.Sequential(heldOut.Count, evaluation.BatchSize), device);
            int position = 0;
            foreach (ReadOnlyMemory<int> indices in batches.Plan.Batches(epoch: 0))
            {
                using var scope = NewDisposeScope();
                Batch batch = batches.Load(indices.Span, epoch: 0);
                Tensor rows = ClassRows(network.call(batch.Inputs)).to(ScalarType.Float64);
                loss += nn.functional.cross_entropy(rows, LabelRows(batch.Labels), reduction: nn.Reduction.Sum).cpu().item<double>();
                Tensor log = nn.functional.log_softmax(rows, 1);
                entropy -= (log.exp() * log).sum().cpu().item<double>();
                foreach (long answer in MemoryMarshal.Cast<byte, long>(rows.argmax(1).cpu().contiguous().bytes))
                {
                    answers[position++] = (int)answer;
                }
            }
        }

        double[] scores = [.. Enumerable.Range(0, heldOut.Count).Select(i => IsRight(answers, i) ? 1.0 : 0.0)];
        int[]? predictions = labels == 1 ? answers : null;
        return new Evaluation(
            predictions,
            scores,
            new HeldOutMetrics(
                heldOut.Count,
                scores.Average(),
                loss / answers.Length,
                entropy / answers.Length,
                teacher is null || predictions is null
                    ? null
                    : predictions.Zip(teacher, (own, other) => own == other ? 1.0 : 0.0).Average(),
                labels == 1
                    ? null
                    : new SortedDictionary<string, double>(StringComparer.Ordinal) { ["F1"] = Overlap(answers) }));
    }

    protected override nn.Module<Tensor, Tensor> Build(string model) =>
        ModelRegistry.Create(Kind, model, train.ClassCount, train.Vocabulary.Count, train.Length);

    private static Tensor Right(Tensor answers, Tensor labels) =>
        answers.dim() == 1 ? answers.eq(labels) : answers.eq(labels).all(1);

    private bool IsRight(int[] answers, int item) =>
        heldOut.LabelsOf(item).SequenceEqual(answers.AsSpan(item * heldOut.LabelCount, heldOut.LabelCount));

    /// <summary>Mean over items of the harmonic mean of precision and recall, in positions (Rajpurkar et al. 2016).</summary>
    private double Overlap(int[] answers)
    {
        double sum = 0;
        for (int i = 0; i < heldOut.Count; i++)
        {
            ReadOnlySpan<int> truth = heldOut.LabelsOf(i);
            (int first, int last) = (answers[2 * i], answers[2 * i + 1]);
            int shared = Math.Max(0, Math.Min(last, truth[1]) - Math.Max(first, truth[0]) + 1);
            int total = Math.Max(0, last - first + 1) + truth[1] - truth[0] + 1;
            sum += 2.0 * shared / total;
        }

        return sum / heldOut.Count;
    }
}
