namespace KdKernels.Distillation.Models;

/// <summary>A model that says which of its modules methods usually look at. Any other module can be named as well.</summary>
public interface ITappedModel
{
    /// <summary>Modules whose outputs are the feature maps <c>[B, C, H, W]</c> between its stages, first to last; empty
    /// where it has none.</summary>
    IReadOnlyList<string> StageLayers { get; }

    /// <summary>The module whose output <c>[B, D]</c> is what the classifier sees; empty where no single vector describes
    /// an item.</summary>
    string FeatureLayer { get; }
}
