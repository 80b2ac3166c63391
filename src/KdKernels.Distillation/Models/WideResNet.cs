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
public sealed class WideResNet : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly Sequential stage1;
    private readonly Sequential stage2;
    private readonly Sequential stage3;
    private readonly BatchNorm2d bn1;
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

    /// <summary>Images <c>[B, channels, H, W]</c> to logits <c>[B, classes]</c>.</summary>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = stage3.call(stage2.call(stage1.call(conv1.call(input))));
        x = nn.functional.relu(bn1.call(x), inplace: true);
        return classifier.call(x.mean([2, 3])).MoveToOuterDisposeScope();
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

    private sealed class Block : nn.Module<Tensor, Tensor>
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

        public override Tensor forward(Tensor input)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor activated = nn.functional.relu(bn1.call(input), inplace: true);
            Tensor x = nn.functional.relu(bn2.call(conv1.call(activated)), inplace: true);
            x = conv2.call(x);
            Tensor skipped = shortcut is null ? input : shortcut.call(activated);
            return x.add_(skipped).MoveToOuterDisposeScope();
        }
    }
}
