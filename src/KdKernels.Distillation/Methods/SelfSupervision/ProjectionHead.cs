using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods.SelfSupervision;

/// <summary>Two linear layers with a ReLU between them, on features or on the mean of a map.</summary>
internal sealed class ProjectionHead : nn.Module<Tensor, Tensor>
{
    private readonly Linear hidden;
    private readonly Linear output;

    public ProjectionHead(long features, long width)
        : base(nameof(ProjectionHead))
    {
        hidden = nn.Linear(features, width);
        output = nn.Linear(width, width);
        RegisterComponents();
    }

    /// <summary>Features <c>[B, D]</c> or maps <c>[B, D, H, W]</c> to embeddings <c>[B, width]</c>.</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        Tensor features = input.dim() == 4 ? input.mean([2, 3]) : input;
        return output.call(nn.functional.relu(hidden.call(features))).MoveToOuterDisposeScope();
    }
}
