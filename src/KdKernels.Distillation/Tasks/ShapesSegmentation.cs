using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Methods;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Models.Segmentation;
using KdKernels.Distillation.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Tasks;

/// <summary>
/// The class of every pixel of shapes, learned from one label per image: training sees no mask, evaluation the exact ones. A
/// network's output is <c>[B, K + 1, H, W]</c>, background first; rows of class logits are the pixels,
/// <c>[B · H · W, K + 1]</c>. A network's accuracy is the mean over images of the image's own mean IoU.
/// </summary>
internal sealed class ShapesSegmentation : LearningTask
{
    public const string KindName = "segmentation";

    /// <summary>The branch whose pseudo masks teach without a method: T1.</summary>
    public const string ClassBranch = "classBranch";

    /// <summary>The other one, T2.</summary>
    public const string ObjectBranch = "objectBranch";

    private const string Backbone = "backbone";

    private readonly ImageSet all;
    private readonly ImageSet train;
    private readonly ImageSet heldOut;

    private ShapesSegmentation(ImageSet all, ImageSet train, ImageSet heldOut)
    {
        this.all = all;
        this.train = train;
        this.heldOut = heldOut;
    }

    public override string Kind => KindName;

    public override string TrainName => train.Name;

    public override string HeldOutName => heldOut.Name;

    public override int TrainCount => train.Count;

    public override int HeldOutCount => heldOut.Count;

    /// <inheritdoc/>
    public override int Classes => train.ClassCount + 1;

    /// <summary>K: an image has one class, and none is background.</summary>
    public override int ItemClasses => train.ClassCount;

    public override IReadOnlyList<int> TrainLabels => train.Labels.ToArray();

    public override IReadOnlyList<string> Taps => [Backbone, ClassBranch];

    public override string Description => train.Description;

    public override string TrainFingerprint => train.Fingerprint;

    public override string HeldOutFingerprint => heldOut.Fingerprint;

    /// <summary>Pixels have no labels in training.</summary>
    public override bool HasRowLabels => false;

    public override bool RowsAreItems => false;

    /// <summary>Generates what a recipe asks for.</summary>
    /// <exception cref="RecipeException">It asks for something impossible.</exception>
    public static LearningTask Load(DataRecipe data, string recipe, string key)
    {
        ImageClassification images = ImageClassification.Load(data with { Name = "shapes" }, recipe, key);
        return new ShapesSegmentation(images.Train, images.Train, images.HeldOut);
    }

    public override NetworkSignature SignatureOf(string model) =>
        new(model, train.ClassCount, train.Channels, train.Height);

    public override IBatches TrainingBatches(AugmentRecipe augment, int batchSize, long seed, Device device) =>
        ImageBatches.Training(train, all.Statistics, augment, batchSize, seed, device);

    public override LearningTask WithTraining(int perClass, int omitClass)
    {
        int[] kept = TrainingChoice.Kept(train.Labels, train.ClassCount, perClass, omitClass);
        return kept.Length == train.Count ? this : new ShapesSegmentation(all, train.Select(kept), heldOut);
    }

    public override LearningTask ForSelection()
    {
        (ImageSet selection, ImageSet rest) = train.StratifiedSplit(Math.Max(1, train.Count / 10), seed: 0);
        return new ShapesSegmentation(all, rest, selection);
    }

    /// <inheritdoc/>
    public override TermContract LabelContract { get; } = new(
        "labels",
        "Σ_n Σ_c binary cross-entropy of both branches' image logits, and Σ_pixels −Σ_c q_c log p_c against T1's pseudo mask",
        "B, and max(1, sure pixels)", 0, "", "λ (p − q) / P on mask logits at sure pixels", "T1's pseudo mask");

    /// <summary>
    /// The image-level losses of both teacher branches, and the mask branch against the pseudo masks of T1 alone. This is what
    /// a plain student learns: a switch between the branches is compared with a fixed teacher, in the same network.
    /// </summary>
    public override Tensor LabelLoss(NetworkPass pass, Batch batch)
    {
        PseudoMask teacher = PseudoMasks.FromActivation(
            pass.Tap(ClassBranch), batch.Labels, size: (train.Height, train.Width));
        return ImageLosses(pass, batch) + SegmentationLoss.Mask(pass.Output, teacher, DistillOps.Fused);
    }

    /// <summary>The part of <see cref="LabelLoss"/> that is about images: what trains the teacher branches.</summary>
    public static Tensor ImageLosses(NetworkPass pass, Batch batch) => SegmentationLoss.Images(
        (CamSegmenter)pass.Network, pass.Tap(Backbone), pass.Tap(ClassBranch), batch.Labels);

    /// <summary>An image is right if, of all classes but background, its own has the largest probability summed over
    /// pixels: its mask is not known here.</summary>
    public override Tensor Hits(NetworkPass pass, Batch batch) => Shown(pass.Output).eq(batch.Labels).sum();

    /// <summary>Two outputs agree on an image if that class is the same.</summary>
    public override Tensor Agreements(Tensor output, Tensor other) => Shown(output).eq(Shown(other)).sum();

    public override Tensor ClassRows(Tensor output) => output.permute(0, 2, 3, 1).flatten(0, 2);

    public override Tensor LabelRows(Tensor labels) =>
        throw new NotSupportedException("pixels have no labels in training: HasRowLabels says so");

    public override Evaluation Evaluate(
        nn.Module<Tensor, Tensor> network, EvaluationRecipe evaluation, Device device, int[]? teacher) =>
        new SegmentationEvaluator(heldOut, all.Statistics, evaluation.BatchSize, device).Run(network);

    protected override nn.Module<Tensor, Tensor> Build(string model) =>
        ModelRegistry.Create(Kind, model, train.ClassCount, train.Channels, train.Height);

    private Tensor Shown(Tensor output) =>
        output.detach().softmax(1).narrow(1, 1, train.ClassCount).sum([2L, 3L]).argmax(1);
}
