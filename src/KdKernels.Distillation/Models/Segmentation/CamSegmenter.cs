using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Segmentation;

/// <summary>
/// A segmenter that learns from image-level labels: over a shared backbone, two teacher branches whose class activation
/// maps (Zhou et al. 2016) say where the evidence for a class is, and a student branch that gives the mask. The first
/// teacher finds the part that tells the class; the second is trained with that part erased (Zhang et al. 2018, ACoL)
/// and so comes to cover the object.
/// </summary>
/// <remarks>
/// <para>
/// Hook points, all at half the input's size: <c>backbone</c> <c>[B, F, h, w]</c>, <c>classBranch</c> and
/// <c>objectBranch</c> <c>[B, K, h, w]</c>, <c>maskBranch</c> <c>[B, K + 1, h, w]</c>. forward runs them all and opens
/// no dispose scope: what a hook keeps lives in the caller's.
/// </para>
/// <para>
/// The branches train on <see cref="ImageLoss"/> of <see cref="ClassLogits"/> and of <see cref="ObjectLogits"/>. The hook point
/// <c>objectBranch</c> is its map of the whole image, nothing erased.
/// </para>
/// </remarks>
public sealed class CamSegmenter : nn.Module<Tensor, Tensor>, ITappedModel
{
    // Plain training on image labels, one initialisation each, mIoU of 11 classes with background: 4,000 images of
    // Shapes, seed 2026, 8 epochs of AdamW from 3e-3, batches of 32. Large on 500 held-out images: pseudo masks at 0.4
    // of T1 0.42, given the label; all background 0.07. With a softmax per image instead of ImageLoss T1 had 0.39.
    // Why T2 has a 3x3 convolution of its own: Small, 2,000 images, 7 epochs at 5e-3, batches of 16, 400 held-out images, all
    // branches on one backbone, pseudo masks at 0.4: recall of the objects' pixels 0.24 of T1, 0.25 of a pointwise T2, 0.45
    // of this one, at a precision of 0.58, 0.58 and 0.65; mIoU 0.23, 0.23 and 0.38.
    private readonly Sequential backbone;
    private readonly Conv2d classBranch;
    private readonly Sequential objectBranch;
    private readonly Sequential maskBranch;

    /// <param name="classes">K, without background.</param>
    /// <param name="channels">Channels of the input.</param>
    /// <param name="depth">Convolutions per stage.</param>
    /// <param name="widths">Channels of each of the three stages, the first of which halves the size.</param>
    /// <exception cref="ArgumentException">There are not three stages.</exception>
    public CamSegmenter(int classes, int channels, int depth, ReadOnlySpan<int> widths)
        : base(nameof(CamSegmenter))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (widths.Length != 3)
            throw new ArgumentException($"expected 3 widths but got {widths.Length}", nameof(widths));
        int features = widths[2];
        backbone = nn.Sequential(
            ("stage1", ConvNet.Stage(channels, widths[0], depth)),
            ("stage2", ConvNet.Stage(widths[0], widths[1], depth, pool: false)),
            ("stage3", ConvNet.Stage(widths[1], features, depth, pool: false)));
        // Without bias a map is 0 where the features are.
        classBranch = nn.Conv2d(features, classes, 1, bias: false);
        objectBranch = nn.Sequential(
            ("conv1", nn.Conv2d(features, features * 3 / 2, 3, padding: 1)),
            ("relu", nn.ReLU()),
            ("conv2", nn.Conv2d(features * 3 / 2, classes, 1)));
        maskBranch = nn.Sequential(
            ("stage", ConvNet.Stage(features, features, depth: 1, pool: false)),
            ("output", nn.Conv2d(features, classes + 1, 1)));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> StageLayers { get; } =
        [$"{nameof(backbone)}.stage1", $"{nameof(backbone)}.stage2", $"{nameof(backbone)}.stage3"];

    /// <inheritdoc/>
    public string FeatureLayer => "";

    /// <summary>For 32x32 images: two convolutions per stage, 16, 24 and 32 channels.</summary>
    public static CamSegmenter Small(int classes, int channels = 3) => new(classes, channels, depth: 2, [16, 24, 32]);

    /// <summary>For 32x32 images: two convolutions per stage, 32, 48 and 64 channels.</summary>
    public static CamSegmenter Large(int classes, int channels = 3) => new(classes, channels, depth: 2, [32, 48, 64]);

    /// <summary>Images <c>[B, channels, H, W]</c> to mask logits <c>[B, K + 1, H, W]</c>, background first.</summary>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        Tensor features = backbone.call(input);
        // For those who hook them; the mask needs neither.
        classBranch.call(features);
        objectBranch.call(features);
        return Upsample(maskBranch.call(features), input.shape[2], input.shape[3]);
    }

    /// <summary>
    /// What the first teacher says of the image: the mean of each map, <c>[B, K, h, w]</c> to logits <c>[B, K]</c>.
    /// </summary>
    public static Tensor ClassLogits(Tensor classActivation)
    {
        ArgumentNullException.ThrowIfNull(classActivation);
        return classActivation.mean([2, 3]);
    }

    /// <summary>
    /// What the second teacher says of the image when it may not look where the first finds its label: the mean of each
    /// map of its branch over features that are 0 there.
    /// </summary>
    /// <param name="features"><c>[B, F, h, w]</c> of <c>backbone</c>; receives the gradient.</param>
    /// <param name="classActivation"><c>[B, K, h, w]</c> of <c>classBranch</c>; no gradient flows into it.</param>
    /// <param name="labels">Int64 <c>[B]</c>.</param>
    /// <param name="threshold">
    /// Erased where the map of the label is above this part of its maximum.
    /// </param>
    /// <returns>Logits <c>[B, K]</c>.</returns>
    public Tensor ObjectLogits(
        Tensor features, Tensor classActivation, Tensor labels, double threshold = 0.6)
    {
        ArgumentNullException.ThrowIfNull(features);
        using DisposeScope scope = NewDisposeScope();
        Tensor erased = PseudoMasks.Saliency(classActivation, labels).gt(threshold).unsqueeze(1);
        // forward and not call: hooks keep what the branch said of the whole image.
        return objectBranch.forward(features.masked_fill(erased, 0)).mean([2, 3]).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// (1 / B) Σ over images and classes of the binary cross-entropy of σ(logit) against "is the label". Not a softmax,
    /// which is blind to what all maps share: with a sigmoid per class, ground that shows under every label drives
    /// every map below 0, and that is what makes 0 the end of the evidence in <see cref="PseudoMasks.Saliency"/>.
    /// </summary>
    /// <param name="logits"><c>[B, K]</c>; receives the gradient.</param>
    /// <param name="labels">Int64 <c>[B]</c>.</param>
    /// <returns>A scalar.</returns>
    public static Tensor ImageLoss(Tensor logits, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(logits);
        using DisposeScope scope = NewDisposeScope();
        Tensor shown = nn.functional.one_hot(labels, logits.shape[1]).to(logits.dtype);
        Tensor sum = nn.functional.binary_cross_entropy_with_logits(logits, shown, reduction: nn.Reduction.Sum);
        return (sum / logits.shape[0]).MoveToOuterDisposeScope();
    }

    /// <summary>Bilinear, as images are resized: corners of pixels and not their middles lie on each other.</summary>
    internal static Tensor Upsample(Tensor maps, long height, long width) => nn.functional.interpolate(
        maps, size: [height, width], mode: InterpolationMode.Bilinear, align_corners: false);
}
