using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models;

/// <summary>Two hidden layers with ReLU on the flattened image.</summary>
public sealed class Mlp : nn.Module<Tensor, Tensor>, IDualModule, ITappedModel
{
    private readonly Linear stage1;
    private readonly Linear stage2;
    private readonly Identity features = nn.Identity();
    private readonly Linear classifier;

    public Mlp(int classes, int channels, int imageSize, int hidden)
        : base(nameof(Mlp))
    {
        stage1 = nn.Linear((long)channels * imageSize * imageSize, hidden);
        stage2 = nn.Linear(hidden, hidden);
        classifier = nn.Linear(hidden, classes);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> StageLayers => [];

    /// <inheritdoc/>
    public string FeatureLayer => nameof(features);

    /// <summary>Images <c>[B, channels, H, W]</c> to logits <c>[B, classes]</c>.</summary>
    public override Tensor forward(Tensor input) => DualForward(new Dual(input)).Stack;

    /// <inheritdoc/>
    public Dual DualForward(Dual input)
    {
        using DisposeScope scope = NewDisposeScope();
        Dual hidden = input.Flatten().Through(stage1).Relu();
        hidden = hidden.Through(stage2).Relu();
        return hidden.Through(features).Through(classifier).MoveToOuterDisposeScope();
    }
}
