using System.Runtime.InteropServices;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Data.Sequences;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Models.Sequences;
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

    // Both networks name their word vectors so.
    private const string WordVectors = "embedding";

    private readonly TokenSet train;
    private readonly TokenSet heldOut;

    internal SequenceTask(TokenSet train, TokenSet heldOut)
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
        (int trained, int tested, ulong seed) = GeneratedItems.Read(data, recipe, key);
        TokenSplits splits = generate(trained, tested, seed);
        return data.Validation == 0 ? new SequenceTask(splits.Train, splits.Test) : HoldOutLast(splits.Train, data.Validation);
    }

    public override string? UnitsUnavailable => heldOut.HasMasks
        ? null
        : $"expected masks that say which words matter but {heldOut.Name} has none";

    public override NetworkSignature SignatureOf(string model) =>
        new(model, train.ClassCount, train.Vocabulary.Count, train.Length);

    public override IBatches TrainingBatches(AugmentRecipe augment, int batchSize, long seed, Device device) =>
        new TokenBatches(train, ImageBatches.Shuffled(train.Count, batchSize, seed), device);

    public override LearningTask WithTraining(int perClass, int omitClass)
    {
        // Of several labels the first counts.
        int[] labels = [.. Enumerable.Range(0, train.Count).Select(i => train.LabelsOf(i)[0])];
        return new SequenceTask(train.Select(TrainingChoice.Kept(labels, train.ClassCount, perClass, omitClass)), heldOut);
    }

    public override LearningTask ForSelection() => HoldOutLast(train, Math.Max(1, train.Count / 10));

    public override Tensor ClassRows(Tensor output) => output.reshape(-1, output.shape[^1]);

    public override Tensor LabelRows(Tensor labels) => labels.reshape(-1);

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

    /// <summary>Word vectors, noise on which both networks take at their module <c>embedding</c>. In the foreground are the
    /// words that decide a sentence's class, or those of the fact that answers; a question's words are not.</summary>
    /// <inheritdoc/>
    public override UnitItems? Units(ReadOnlySpan<int> items, Device device)
    {
        if (!heldOut.HasMasks)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        Tensor tokens = TokenBatches.Tokens(heldOut, items);
        Tensor foreground = empty([items.Length, heldOut.Length], dtype: ScalarType.Bool);
        for (int i = 0; i < items.Length; i++)
        {
            heldOut.Mask(items[i]).CopyTo(foreground.bytes[(i * heldOut.Length)..]);
        }

        return new UnitItems(
            tokens.to(device).MoveToOuterDisposeScope(),
            WordVectors,
            TokenMasks.Words(tokens).to(device).MoveToOuterDisposeScope(),
            foreground.to(device).MoveToOuterDisposeScope());
    }

    protected override nn.Module<Tensor, Tensor> Build(string model) =>
        ModelRegistry.Create(Kind, model, train.ClassCount, train.Vocabulary.Count, train.Length);

    private static SequenceTask HoldOutLast(TokenSet set, int held) =>
        new(set.Take(set.Count - held), set.Range(set.Count - held, held));

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
