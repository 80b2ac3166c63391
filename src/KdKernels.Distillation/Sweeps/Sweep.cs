using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Sweeps;

/// <summary>Recipes times methods: every method of an entry teaches the same students of the same recipe, and is compared
/// with the same plain ones.</summary>
public sealed record Sweep
{
    public required string Name { get; init; }

    public required IReadOnlyList<SweepEntry> Entries { get; init; }
}

/// <summary>One recipe of a sweep with the methods that are tried on it.</summary>
public sealed record SweepEntry
{
    /// <summary>Unique within the sweep and fit for a folder's name.</summary>
    public required string Name { get; init; }

    /// <summary>Data, networks, solvers and seeds; its own distillation is not used.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>Unique names; the plain student is trained whether or not it is asked for.</summary>
    public required IReadOnlyList<SweepArm> Arms { get; init; }
}

/// <summary>One way of teaching.</summary>
/// <param name="Name">As it stands in tables.</param>
/// <param name="Distill">Its methods and their settings.</param>
public sealed record SweepArm(string Name, DistillRecipe Distill);
