using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models;

/// <summary>
/// The Wide ResNet of Zagoruyko and Komodakis 2016: pre-activation blocks, three stages of 16k, 32k and 64k channels,
/// depth 6n + 4,
/// no dropout. Where a block changes the shape, both its paths start from the activated input and the shortcut is a
/// bare 1x1 convolution.
/// </summary>
public sealed class WideResNet : nn.Module<Tensor, Tensor>, IDualModule, ITappedModel
{
    private readonly Conv2d conv1;
    private readonly Sequential stage1;
    private readonly Sequential stage2;
    private readonly Sequential stage3;
    private readonly BatchNorm2d bn1;
    private readonly Identity features = nn.Identity();
    private readonly Linear classifier;

    public WideResNet(int depth, int width, int classes, int channels)
        : base(nameof(WideResNet))
    {
        if (depth < 10 || (depth - 4) % 6 != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(depth), depth, "expected a depth of 6n + 4");
        }

        int blocks = (depth - 4) / 6;
        conv1 = nn.Conv2d(channels, 16, 3, padding: 1, bias: false);
        stage1 = Stage(16, 16 * width, blocks, stride: 1);
        stage2 = Stage(16 * width, 32 * width, blocks, stride: 2);
        stage3 = Stage(32 * width, 64 * width, blocks, stride: 2);
        bn1 = nn.BatchNorm2d(64 * width);
        classifier = nn.Linear(64 * width, classes);
        RegisterComponents();
        Initialisation.KaimingFanOut(this);
        nn.init.constant_(classifier.bias!, 0);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> StageLayers => [nameof(stage1), nameof(stage2), nameof(stage3)];

    /// <inheritdoc/>
    public string FeatureLayer => nameof(features);

    /// <summary>Images <c>[B, channels, H, W]</c> to logits <c>[B, classes]</c>.</summary>
    public override Tensor forward(Tensor input) => DualForward(new Dual(input)).Stack;

    /// <inheritdoc/>
    public Dual DualForward(Dual input)
    {
        using DisposeScope scope = NewDisposeScope();
        Dual x = input.Through(conv1).Through(stage1).Through(stage2).Through(stage3);
        x = x.Through(bn1).Relu(inPlace: true);
        return x.Mean(2, 3).Through(features).Through(classifier).MoveToOuterDisposeScope();
    }

    private static Sequential Stage(int inputs, int outputs, int blocks, int stride)
    {
        var stage = new (string Name, nn.Module<Tensor, Tensor> Block)[blocks];
        for (int block = 0; block < blocks; block++)
        {
            stage[block] = (
                $"block{block + 1}", new Block(block == 0 ? inputs : outputs, outputs, block == 0 ? stride : 1));
        }

        return nn.Sequential(stage);
    }

    private sealed class Block : nn.Module<Tensor, Tensor>, IDualModule
    {
        private readonly BatchNorm2d bn1;
        private readonly Conv2d conv1;
        private readonly BatchNorm2d bn2;
        private readonly Conv2d conv2;
        private readonly Conv2d? shortcut;

        public Block(int inputs, int outputs, int stride)
            : base(nameof(Block))
        {
            bn1 = nn.BatchNorm2d(inputs);
            conv1 = nn.Conv2d(inputs, outputs, 3, stride: stride, padding: 1, bias: false);
            bn2 = nn.BatchNorm2d(outputs);
            conv2 = nn.Conv2d(outputs, outputs, 3, padding: 1, bias: false);
            if (inputs != outputs)
            {
                shortcut = nn.Conv2d(inputs, outputs, 1, stride: stride, bias: false);
            }

            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => DualForward(new Dual(input)).Stack;

        public Dual DualForward(Dual input)
        {
            using DisposeScope scope = NewDisposeScope();
            Dual activated = input.Through(bn1).Relu(inPlace: true);
            Dual x = activated.Through(conv1).Through(bn2).Relu(inPlace: true);
            x = x.Through(conv2);
            Dual skipped = shortcut is null ? input : activated.Through(shortcut);
            return x.AddInPlace(skipped).MoveToOuterDisposeScope();
        }
    }
}
