using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Detection;

/// <summary>
/// A one-stage detector with one anchor per cell: three stages of (3x3 convolution, batch norm, ReLU) blocks, each
/// halved by max pooling, give one feature vector per 8x8 pixels; a 3x3 and a 1x1 convolution make of it the numbers of
/// <see cref="DetectionGrid"/>.
/// </summary>
/// <remarks>
/// The output of <c>backbone</c>, <c>[B, F, H / 8, W / 8]</c>, is where hints attach. forward opens no dispose scope:
/// what a hook keeps of it lives in the caller's.
/// </remarks>
public sealed class GridDetector : nn.Module<Tensor, Tensor>, ITappedModel
{
    // 6x6 cells. 12x12 would need a feature of stride 4, where most of the neighbours of a centre look like it.
    private const int CellSize = 8;

    /// <summary>About the mean side of a box of Scenes, so that the logarithms are about 0.</summary>
    private const double BaseSize = 12;

    private readonly Sequential backbone;
    private readonly Sequential head;

    /// <param name="classes">C, without background.</param>
    /// <param name="channels">Channels of the input.</param>
    /// <param name="imageSize">Height and width of the input, a multiple of 8.</param>
    /// <param name="depth">Convolutions per stage.</param>
    /// <param name="widths">Channels of each of the three stages.</param>
    /// <exception cref="ArgumentException">There are not three stages, or the size is no multiple of 8.</exception>
    public GridDetector(int classes, int channels, int imageSize, int depth, ReadOnlySpan<int> widths)
        : base(nameof(GridDetector))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (widths.Length != 3)
            throw new ArgumentException($"expected 3 widths but got {widths.Length}", nameof(widths));
        if (imageSize < CellSize || imageSize % CellSize != 0)
            throw new ArgumentException($"expected a multiple of {CellSize} but got {imageSize}", nameof(imageSize));
        Grid = GridOf(classes, imageSize);
        backbone = nn.Sequential(
            ("stage1", ConvNet.Stage(channels, widths[0], depth)),
            ("stage2", ConvNet.Stage(widths[0], widths[1], depth)),
            ("stage3", ConvNet.Stage(widths[1], widths[2], depth)));
        head = nn.Sequential(
            ("stage", ConvNet.Stage(widths[2], widths[2], depth: 1, pool: false)),
            ("output", nn.Conv2d(widths[2], Grid.ChannelCount, 1)));
        RegisterComponents();
    }

    /// <summary>Where the cells are and what their numbers mean.</summary>
    public DetectionGrid Grid { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> StageLayers { get; } =
        [$"{nameof(backbone)}.stage1", $"{nameof(backbone)}.stage2", $"{nameof(backbone)}.stage3"];

    /// <inheritdoc/>
    public string FeatureLayer => "";

    /// <summary>The cells of every detector for images of one size.</summary>
    public static DetectionGrid GridOf(int classes, int imageSize) =>
        new(imageSize / CellSize, imageSize / CellSize, CellSize, BaseSize, classes);

    /// <summary>A student for 48x48 scenes: one convolution per stage, 8, 16 and 32 channels.</summary>
    public static GridDetector Small(int classes, int channels = 3, int imageSize = 48) =>
        new(classes, channels, imageSize, depth: 1, [8, 16, 32]);

    /// <summary>A teacher for 48x48 scenes: two convolutions per stage, 16, 32 and 64 channels.</summary>
    public static GridDetector Large(int classes, int channels = 3, int imageSize = 48) =>
        new(classes, channels, imageSize, depth: 2, [16, 32, 64]);

    /// <summary>Images <c>[B, channels, H, W]</c> to <c>[B, A, C + 1 + 4]</c>.</summary>
    public override Tensor forward(Tensor input) => head.call(backbone.call(input)).flatten(2).transpose(1, 2);
}
