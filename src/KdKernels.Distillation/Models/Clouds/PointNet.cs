using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Models.Clouds;

/// <summary>
/// A classifier of point clouds (Qi et al. 2017, section 4.2, without the networks that align points and features): the
/// same layers for each point, the largest value of each channel over all points, and a head of three linear layers. The
/// order of the points changes nothing.
/// </summary>
/// <remarks>
/// Modules to hook: <c>stages.stage1</c> to <c>stage3</c> give <c>[B, C, P, 1]</c>, <c>fc1</c> and <c>fc2</c> what goes
/// into their batch norm and ReLU, <c>features</c> <c>[B, D]</c> what goes into <c>fc3</c>. No ReLU works in place, so that
/// all of them stay as they were. There is no dropout.
/// </remarks>
public sealed class PointNet : nn.Module<Tensor, Tensor>, ITappedModel
{
    private readonly Sequential stages;
    private readonly Linear fc1;
    private readonly BatchNorm1d bn1;
    private readonly Linear fc2;
    private readonly BatchNorm1d bn2;
    private readonly Identity features = nn.Identity();
    private readonly Linear fc3;

    /// <param name="classes">Number of logits.</param>
    /// <param name="channels">Coordinates of a point.</param>
    /// <param name="widths">Channels of each layer that points share.</param>
    /// <param name="hidden">Widths of the first two linear layers.</param>
    public PointNet(int classes, int channels, ReadOnlySpan<int> widths, (int First, int Second) hidden)
        : base(nameof(PointNet))
    {
        var named = new (string Name, nn.Module<Tensor, Tensor> Stage)[widths.Length];
        for (int stage = 0; stage < widths.Length; stage++)
            named[stage] = ($"stage{stage + 1}", Stage(stage == 0 ? channels : widths[stage - 1], widths[stage]));
        stages = nn.Sequential(named);
        StageLayers = [.. named.Select(stage => $"{nameof(stages)}.{stage.Name}")];
        fc1 = nn.Linear(widths[^1], hidden.First);
        bn1 = nn.BatchNorm1d(hidden.First);
        fc2 = nn.Linear(hidden.First, hidden.Second);
        bn2 = nn.BatchNorm1d(hidden.Second);
        fc3 = nn.Linear(hidden.Second, classes);
        RegisterComponents();
    }

    /// <summary>A student's size.</summary>
    public static PointNet Small(int classes, int channels) => new(classes, channels, [8, 16, 32], (24, 16));

    /// <summary>A teacher's size.</summary>
    public static PointNet Large(int classes, int channels) => new(classes, channels, [48, 64, 192], (96, 48));

    /// <inheritdoc/>
    public IReadOnlyList<string> StageLayers { get; }

    /// <inheritdoc/>
    public string FeatureLayer => nameof(features);

    /// <summary>Clouds <c>[B, channels, P]</c> to logits <c>[B, classes]</c>.</summary>
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor points = stages.call(input.unsqueeze(-1));
        Tensor hidden = bn1.call(fc1.call(points.amax([2L, 3L]))).relu();
        hidden = bn2.call(fc2.call(hidden)).relu();
        return fc3.call(features.call(hidden)).MoveToOuterDisposeScope();
    }

    private static Sequential Stage(int inputs, int outputs) => nn.Sequential(
        // The batch norm that follows has the bias.
        ("conv", nn.Conv2d(inputs, outputs, 1, bias: false)),
        ("bn", nn.BatchNorm2d(outputs)),
        ("relu", nn.ReLU()));
}
