using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models;

/// <summary>Two hidden layers with ReLU on the flattened image.</summary>
public sealed class Mlp : nn.Module<Tensor, Tensor>
{
    private readonly Linear stage1;
    private readonly Linear stage2;
    private readonly Linear classifier;

    public Mlp(int classes, int channels, int imageSize, int hidden)
        : base(nameof(Mlp))
    {
        stage1 = nn.Linear((long)channels * imageSize * imageSize, hidden);
        stage2 = nn.Linear(hidden, hidden);
        classifier = nn.Linear(hidden, classes);
        RegisterComponents();
    }

    /// <summary>Images <c>[B, channels, H, W]</c> to logits <c>[B, classes]</c>.</summary>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor hidden = nn.functional.relu(stage1.call(input.flatten(1)));
        hidden = nn.functional.relu(stage2.call(hidden));
        return classifier.call(hidden).MoveToOuterDisposeScope();
    }
}
