using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>
/// What the networks of an experiment learn: the items, the loss against labels, and how a network is measured. A network
/// maps one tensor to one tensor; what else a task needs of it, it taps.
/// </summary>
internal abstract class LearningTask
{
    /// <summary><c>images</c>, <c>detection</c>, <c>segmentation</c>, <c>sequences</c>, <c>spans</c> or <c>clouds</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>What one item is called.</summary>
    public virtual string Item => "image";

    public abstract string TrainName { get; }

    public abstract string HeldOutName { get; }

    public abstract int TrainCount { get; }

    public abstract int HeldOutCount { get; }

    /// <summary>K: columns of <see cref="ClassRows"/>.</summary>
    public abstract int Classes { get; }

    /// <summary>Classes by which <see cref="WithTraining"/> tells items apart.</summary>
    public virtual int ItemClasses => Classes;

    /// <summary>One label per training item, for methods that contrast classes; null where items have no single one.</summary>
    public virtual IReadOnlyList<int>? TrainLabels => null;

    /// <summary>One class per held-out item; null where items have no single one.</summary>
    public virtual IReadOnlyList<int>? HeldOutLabels => null;

    /// <summary>Modules whose outputs <see cref="LabelLoss"/> needs besides the network's own.</summary>
    public virtual IReadOnlyList<string> Taps => [];

    /// <summary>One sentence for reports.</summary>
    public abstract string Description { get; }

    /// <summary>Hash over the content of the training set.</summary>
    public abstract string TrainFingerprint { get; }

    public abstract string HeldOutFingerprint { get; }

    /// <summary>The held-out images with their classes, for pictures in reports; null where items are something else.</summary>
    public virtual ImageSet? HeldOutImages => null;

    /// <summary>Why <see cref="Units"/> gives nothing, one sentence; null where it gives units.</summary>
    public virtual string? UnitsUnavailable =>
        $"expected a task whose items consist of units with masks but {HeldOutName} is for {Kind}";

    /// <summary>What a network for these items expects and gives.</summary>
    public abstract NetworkSignature SignatureOf(string model);

    /// <summary>A network for these items; equal seeds give equal weights. Drawn on the CPU, so that they do not depend on
    /// the device.</summary>
    /// <exception cref="ArgumentException">The model does not exist, or is not for such items.</exception>
    public nn.Module<Tensor, Tensor> CreateNetwork(string model, long seed, Device device)
    {
        random.manual_seed(seed);
        nn.Module<Tensor, Tensor> network = Build(model);
        network.to(device);
        return network;
    }

    /// <summary>Shuffled and augmented batches to train on.</summary>
    public abstract IBatches TrainingBatches(AugmentRecipe augment, int batchSize, long seed, Device device);

    /// <summary>The same items with some left out: at most so many of each class, and none of one class.</summary>
    /// <param name="perClass">0 keeps all.</param>
    /// <param name="omitClass">-1 omits none.</param>
    public abstract LearningTask WithTraining(int perClass, int omitClass);

    /// <summary>A tenth of the training items held out instead of the test items, for choices that must not look at
    /// those; null where a task has no such split.</summary>
    public virtual LearningTask? ForSelection() => null;

    /// <summary>The mean loss against labels; by default the cross-entropy that <see cref="HasRowLabels"/> speaks of.</summary>
    public virtual Tensor LabelLoss(NetworkPass pass, Batch batch) =>
        nn.functional.cross_entropy(ClassRows(pass.Output), LabelRows(batch.Labels));

    /// <summary>What <see cref="LabelLoss"/> divides by what; its weight is the recipe's.</summary>
    public virtual TermContract LabelContract { get; } =
        new("cross-entropy", "Σ_n −log softmax(z_s)[y]", "N", 0, "", "λ (p_s − u_y) / N", "");

    /// <summary>How many items of the batch are right, a scalar without gradient; by default those whose largest logit is
    /// their label's.</summary>
    public virtual Tensor Hits(NetworkPass pass, Batch batch) => pass.Output.detach().argmax(1).eq(batch.Labels).sum();

    /// <summary>On how many items of the batch two outputs agree, a scalar without gradient; by default those with the same
    /// largest logit.</summary>
    public virtual Tensor Agreements(Tensor output, Tensor other) =>
        output.detach().argmax(1).eq(other.detach().argmax(1)).sum();

    /// <summary>An output as rows of class logits <c>[R, K]</c>, which is what logit methods compare.</summary>
    public virtual Tensor ClassRows(Tensor output) => output;

    /// <summary>Labels of <see cref="ClassRows"/>, int64 <c>[R]</c>.</summary>
    public virtual Tensor LabelRows(Tensor labels) => labels;

    /// <summary>Whether the loss against labels is the mean cross-entropy of <see cref="ClassRows"/> against
    /// <see cref="LabelRows"/>, so that an op may compute it along with something else.</summary>
    public virtual bool HasRowLabels => true;

    /// <summary>Whether one row is one item.</summary>
    public virtual bool RowsAreItems => true;

    /// <summary>Measures a network on the held-out items, in evaluation mode.</summary>
    /// <param name="network">On <paramref name="device"/>.</param>
    /// <param name="evaluation">Batch size, noise levels.</param>
    /// <param name="device">Where.</param>
    /// <param name="teacher">Predictions to measure the agreement with; null without any.</param>
    public abstract Evaluation Evaluate(
        nn.Module<Tensor, Tensor> network, EvaluationRecipe evaluation, Device device, int[]? teacher);

    /// <summary>Some held-out items by their units, on the device; null where <see cref="UnitsUnavailable"/> says
    /// why.</summary>
    /// <param name="items">Positions in the held-out set, <c>[N]</c>.</param>
    /// <param name="device">Where.</param>
    /// <exception cref="ArgumentOutOfRangeException">A position is outside of the set.</exception>
    public virtual UnitItems? Units(ReadOnlySpan<int> items, Device device) => null;

    protected abstract nn.Module<Tensor, Tensor> Build(string model);
}
