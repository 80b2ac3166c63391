using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models;

/// <summary>
/// After VGG (Simonyan and Zisserman 2015), for small images: three stages of (3x3 convolution, batch norm, ReLU)
/// blocks, each halved by max pooling, and three linear layers. What analyses look at has names: <c>stages.stage1</c> to
/// <c>stages.stage3</c>, and <c>fc1</c>, <c>fc2</c> and <c>fc3</c> before their ReLU.
/// </summary>
public sealed class Vgg : nn.Module<Tensor, Tensor>, IDualModule, ITappedModel
{
    private readonly Sequential stages;
    private readonly Linear fc1;
    private readonly Linear fc2;
    private readonly Identity features = nn.Identity();
    private readonly Linear fc3;

    /// <param name="classes">Number of logits.</param>
    /// <param name="channels">Channels of the input.</param>
    /// <param name="imageSize">Height and width of the input.</param>
    /// <param name="depth">Convolutions per stage.</param>
    /// <param name="width">Channels of the first stage; each stage has twice those of the one before.</param>
    /// <param name="hidden">Outputs of the first two linear layers.</param>
    public Vgg(int classes, int channels, int imageSize, int depth, int width, int hidden)
        : base(nameof(Vgg))
    {
        stages = nn.Sequential(
            ("stage1", ConvNet.Stage(channels, width, depth)),
            ("stage2", ConvNet.Stage(width, 2 * width, depth)),
            ("stage3", ConvNet.Stage(2 * width, 4 * width, depth)));
        int size = imageSize >> StageLayers.Count;
        fc1 = nn.Linear(4L * width * size * size, hidden);
        fc2 = nn.Linear(hidden, hidden);
        fc3 = nn.Linear(hidden, classes);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> StageLayers { get; } = ["stages.stage1", "stages.stage2", "stages.stage3"];

    /// <inheritdoc/>
    public string FeatureLayer => nameof(features);

    /// <summary>16, 32 and 64 channels and 64 hidden units, one convolution per stage.</summary>
    public static Vgg Small(int classes, int channels, int imageSize) =>
        new(classes, channels, imageSize, depth: 1, width: 16, hidden: 64);

    /// <summary>32, 64 and 128 channels and 256 hidden units, two convolutions per stage.</summary>
    public static Vgg Large(int classes, int channels, int imageSize) =>
        new(classes, channels, imageSize, depth: 2, width: 32, hidden: 256);

    /// <summary>Images <c>[B, channels, H, W]</c> to logits <c>[B, classes]</c>.</summary>
    public override Tensor forward(Tensor input) => DualForward(new Dual(input)).Stack;

    /// <inheritdoc/>
    public Dual DualForward(Dual input)
    {
        using DisposeScope scope = NewDisposeScope();
        // Not in place: fc1 and fc2 are tapped before their ReLU.
        Dual hidden = input.Through(stages).Flatten().Through(fc1).Relu();
        hidden = hidden.Through(fc2).Relu();
        return hidden.Through(features).Through(fc3).MoveToOuterDisposeScope();
    }
}
