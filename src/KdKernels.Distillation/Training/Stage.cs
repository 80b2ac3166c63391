using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Training;

/// <summary>One training to be done.</summary>
internal sealed record Stage
{
    /// <summary>Unique within the run.</summary>
    public required string Name { get; init; }

    public required NetworkRole Role { get; init; }

    public int Repeat { get; init; }

    public required long Seed { get; init; }

    public required string Model { get; init; }

    public required SolverRecipe Solver { get; init; }

    /// <summary>The part of the recipe that this training depends on; another part may change without harm.</summary>
    public required Recipe DependsOn { get; init; }

    /// <summary>Whose predictions the agreement is measured with; null for none.</summary>
    public int[]? TeacherPredictions { get; init; }
}
