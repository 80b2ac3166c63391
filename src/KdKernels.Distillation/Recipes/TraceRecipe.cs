namespace KdKernels.Distillation.Recipes;

/// <summary>What a run leaves behind so that it can be analysed afterwards how its networks came to know what they
/// know. It does not change what is trained.</summary>
public sealed record TraceRecipe
{
    /// <summary>Epochs whose checkpoints stay for good, rising; 0 is the network before its first step. They hold for
    /// teachers and students, and for a shorter training as far as it goes.</summary>
    public IReadOnlyList<int> Epochs { get; init; } = [];

    /// <summary>Modules of the student whose weights' paths are measured.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];

    /// <summary>Value equality that looks into the lists.</summary>
    public bool Equals(TraceRecipe? other) =>
        other is not null && Epochs.SequenceEqual(other.Epochs) && Layers.SequenceEqual(other.Layers, StringComparer.Ordinal);

    public override int GetHashCode() => HashCode.Combine(Epochs.Count, Layers.Count);

    internal TraceRecipe Rescaled(int from, int to) => this with
    {
        // What is traced after some training is not the network before it.
        Epochs = [.. Epochs.Select(epoch => epoch == 0 ? 0 : Math.Max(1, (int)((long)epoch * to / from))).Distinct()],
    };
}
