using KdKernels.Distillation.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.SelfSupervision;

/// <summary>An auxiliary classifier on a feature map: 3x3 convolution of stride 2, batch norm, ReLU, mean, linear.</summary>
internal sealed class StageHead : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv;
    private readonly BatchNorm2d bn;
    private readonly Linear classifier;

    public StageHead(long channels, long width, long logits)
        : base(nameof(StageHead))
    {
        conv = nn.Conv2d(channels, width, 3, stride: 2, padding: 1, bias: false);
        bn = nn.BatchNorm2d(width);
        classifier = nn.Linear(width, logits);
        RegisterComponents();
        Initialisation.KaimingFanOut(this);
    }

    /// <summary>A map <c>[B, C, H, W]</c> to logits <c>[B, logits]</c>.</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor map = nn.functional.relu(bn.call(conv.call(input)));
        return classifier.call(map.mean([2, 3])).MoveToOuterDisposeScope();
    }
}
