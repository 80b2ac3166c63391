using static TorchSharp.torch;

namespace KdKernels.Analysis.Probe;

/// <summary>What a probe perturbs: items, and how a unit's noise is laid over them.</summary>
internal abstract class ProbeItems
{
    /// <summary>What the network is called with, <c>[N, ...]</c>.</summary>
    public abstract Tensor Inputs { get; }

    /// <summary>The module whose output is perturbed; null where the input itself is.</summary>
    public virtual string? Site => null;

    /// <summary>Units of an item as rows and columns, σ being <c>[N, rows, columns]</c>.</summary>
    public abstract (long Rows, long Columns) Units { get; }

    /// <summary>Bool <c>[N, rows, columns]</c>: units that exist; null where all do.</summary>
    public virtual Tensor? Present => null;

    public long Count => Inputs.shape[0];

    /// <summary>Values as <c>[N, C, H, W]</c>, as NoiseProbe takes them.</summary>
    public abstract Tensor ToImages(Tensor values);

    /// <summary>The inverse.</summary>
    public abstract Tensor FromImages(Tensor images);
}

/// <summary>Images <c>[N, C, H, W]</c>; a unit is a cell of a grid.</summary>
internal sealed class ImageItems(Tensor images, int grid) : ProbeItems
{
    public override Tensor Inputs => images;

    public override (long Rows, long Columns) Units { get; } =
        (Math.Min(grid, images.shape[2]), Math.Min(grid, images.shape[3]));

    public override Tensor ToImages(Tensor values) => values;

    public override Tensor FromImages(Tensor images) => images;
}

/// <summary>Points <c>[N, C, P]</c>; a unit is a point, its coordinates share a deviation.</summary>
internal sealed class PointItems(Tensor points) : ProbeItems
{
    public override Tensor Inputs => points;

    public override (long Rows, long Columns) Units => (points.shape[2], 1);

    public override Tensor ToImages(Tensor values) => values.unsqueeze(3);

    public override Tensor FromImages(Tensor images) => images.squeeze(3);
}

/// <summary>Vectors <c>[N, L, E]</c> that a module gives inside of the network, such as word embeddings; a unit is a vector, and
/// <paramref name="present"/> is <c>[N, L, 1]</c>.</summary>
internal sealed class VectorItems(Tensor inputs, string site, Tensor present) : ProbeItems
{
    public override Tensor Inputs => inputs;

    public override string Site => site;

    public override (long Rows, long Columns) Units => (present.shape[1], 1);

    public override Tensor Present => present;

    public override Tensor ToImages(Tensor values) => values.transpose(1, 2).unsqueeze(3);

    public override Tensor FromImages(Tensor images) => images.squeeze(3).transpose(1, 2);
}
