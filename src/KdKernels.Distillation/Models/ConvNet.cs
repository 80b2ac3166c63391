using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models;

/// <summary>Stages of (3x3 convolution, batch norm, ReLU) blocks, each halved by max pooling, and one linear
/// layer.</summary>
public sealed class ConvNet : nn.Module<Tensor, Tensor>, IDualModule, ITappedModel
{
    private readonly Sequential stages;
    private readonly Identity features = nn.Identity();
    private readonly Linear classifier;

    /// <param name="classes">Number of logits.</param>
    /// <param name="channels">Channels of the input.</param>
    /// <param name="imageSize">Height and width of the input.</param>
    /// <param name="depth">Convolutions per stage.</param>
    /// <param name="widths">Channels of each stage.</param>
    public ConvNet(int classes, int channels, int imageSize, int depth, ReadOnlySpan<int> widths)
        : base(nameof(ConvNet))
    {
        var named = new (string Name, nn.Module<Tensor, Tensor> Stage)[widths.Length];
        for (int stage = 0; stage < widths.Length; stage++)
        {
            named[stage] = (
                $"stage{stage + 1}", Stage(stage == 0 ? channels : widths[stage - 1], widths[stage], depth));
        }

        stages = nn.Sequential(named);
        StageLayers = [.. named.Select(stage => $"{nameof(stages)}.{stage.Name}")];
        int size = imageSize >> widths.Length;
        classifier = nn.Linear((long)widths[^1] * size * size, classes);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> StageLayers { get; }

    /// <inheritdoc/>
    public string FeatureLayer => nameof(features);

    /// <summary>Images <c>[B, channels, H, W]</c> to logits <c>[B, classes]</c>.</summary>
    public override Tensor forward(Tensor input) => DualForward(new Dual(input)).Stack;

    /// <inheritdoc/>
    public Dual DualForward(Dual input)
    {
        using DisposeScope scope = NewDisposeScope();
        return input.Through(stages).Flatten().Through(features).Through(classifier).MoveToOuterDisposeScope();
    }

    /// <summary>Convolutions 3x3 with batch norm and ReLU, and max pooling unless the size is to stay.</summary>
    internal static Sequential Stage(int inputs, int outputs, int depth, bool pool = true)
    {
        List<(string Name, nn.Module<Tensor, Tensor> Layer)> stage = [];
        for (int layer = 1; layer <= depth; layer++)
        {
            // The batch norm that follows has the bias.
            stage.Add(($"conv{layer}", nn.Conv2d(layer == 1 ? inputs : outputs, outputs, 3, padding: 1, bias: false)));
            stage.Add(($"bn{layer}", nn.BatchNorm2d(outputs)));
            stage.Add(($"relu{layer}", nn.ReLU(inplace: true)));
        }

        if (pool)
        {
            stage.Add(("pool", nn.MaxPool2d(2)));
        }

        return nn.Sequential([.. stage]);
    }
}
