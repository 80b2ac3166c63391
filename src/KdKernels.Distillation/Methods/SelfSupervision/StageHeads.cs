using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.SelfSupervision;

/// <summary>One <see cref="StageHead"/> per stage of a network.</summary>
internal sealed class StageHeads : nn.Module
{
    private readonly ModuleList<StageHead> heads;
    private readonly IReadOnlyList<string> layers;

    /// <param name="layers">The maps that are read, each with its channels.</param>
    /// <param name="width">Channels within each head.</param>
    /// <param name="logits">Columns of each head's output.</param>
    public StageHeads(IReadOnlyList<(string Layer, long Channels)> layers, long width, long logits)
        : base(nameof(StageHeads))
    {
        this.layers = [.. layers.Select(layer => layer.Layer)];
        heads = new ModuleList<StageHead>([.. layers.Select(layer => new StageHead(layer.Channels, width, logits))]);
        RegisterComponents();
    }

    /// <summary>The logits of all heads on the expanded batch, stage by stage: <c>[stages · 4B, logits]</c>.</summary>
    public Tensor On(NetworkPass pass) =>
        cat([.. heads.Zip(layers, (head, layer) => head.call(pass.ExpandedTap(layer)))]);
}
