using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models;

/// <summary>
/// The CIFAR ResNet of He et al. 2015, section 4.2: three stages of 16, 32 and 64 channels, depth 6n + 2, global
/// average pooling.
/// Where a stage changes the shape the shortcut is a 1x1 convolution with batch norm (option B), as in RepDistiller,
/// whose
/// published figures users compare with; the paper's own CIFAR networks pad with zeros instead (option A), which is
/// 2,752 parameters less.
/// </summary>
public sealed class ResNet : nn.Module<Tensor, Tensor>, IDualModule, ITappedModel
{
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly Sequential stage1;
    private readonly Sequential stage2;
    private readonly Sequential stage3;
    private readonly Identity features = nn.Identity();
    private readonly Linear classifier;

    public ResNet(int depth, int classes, int channels)
        : base(nameof(ResNet))
    {
        if (depth < 8 || (depth - 2) % 6 != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(depth), depth, "expected a depth of 6n + 2");
        }

        int blocks = (depth - 2) / 6;
        conv1 = nn.Conv2d(channels, 16, 3, padding: 1, bias: false);
        bn1 = nn.BatchNorm2d(16);
        stage1 = Stage(16, 16, blocks, stride: 1);
        stage2 = Stage(16, 32, blocks, stride: 2);
        stage3 = Stage(32, 64, blocks, stride: 2);
        classifier = nn.Linear(64, classes);
        RegisterComponents();
        Initialisation.KaimingFanOut(this);
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
        Dual x = input.Through(conv1).Through(bn1).Relu(inPlace: true);
        x = x.Through(stage1).Through(stage2).Through(stage3);
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
        private readonly Conv2d conv1;
        private readonly BatchNorm2d bn1;
        private readonly Conv2d conv2;
        private readonly BatchNorm2d bn2;
        private readonly Sequential? shortcut;

        public Block(int inputs, int outputs, int stride)
            : base(nameof(Block))
        {
            conv1 = nn.Conv2d(inputs, outputs, 3, stride: stride, padding: 1, bias: false);
            bn1 = nn.BatchNorm2d(outputs);
            conv2 = nn.Conv2d(outputs, outputs, 3, padding: 1, bias: false);
            bn2 = nn.BatchNorm2d(outputs);
            if (inputs != outputs || stride != 1)
            {
                shortcut = nn.Sequential(
                    ("conv", nn.Conv2d(inputs, outputs, 1, stride: stride, bias: false)),
                    ("bn", nn.BatchNorm2d(outputs)));
            }

            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => DualForward(new Dual(input)).Stack;

        public Dual DualForward(Dual input)
        {
            using DisposeScope scope = NewDisposeScope();
            Dual x = input.Through(conv1).Through(bn1).Relu(inPlace: true);
            x = x.Through(conv2).Through(bn2);
            x = x.AddInPlace(shortcut is null ? input : input.Through(shortcut));
            return x.Relu(inPlace: true).MoveToOuterDisposeScope();
        }
    }
}
