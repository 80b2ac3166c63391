namespace KdKernels.Analysis.Claims;

/// <summary>A published claim about distillation as an experiment that anyone can run again. <see cref="ClaimCatalog"/>
/// finds every class that has one as its static <c>Definition</c>.</summary>
public sealed record Claim
{
    /// <summary>As commands write it, and fit for a folder's name.</summary>
    public required string Name { get; init; }

    /// <summary>What is claimed, in one sentence that can turn out wrong.</summary>
    public required string Hypothesis { get; init; }

    /// <summary>Authors, year, title and section.</summary>
    public required string Paper { get; init; }

    /// <summary>The data that must be there, and how to name it.</summary>
    public required string Needs { get; init; }

    /// <summary>What the reduced setting is, and what it cannot say about the paper's.</summary>
    public required string Reduced { get; init; }

    /// <summary>What <c>--full</c> runs.</summary>
    public required string Full { get; init; }

    /// <summary>Rough duration of the reduced setting on two CPU cores.</summary>
    public required double Minutes { get; init; }

    /// <summary>Rough duration of the full setting on two CPU cores, from the number of images and multiplications: none of
    /// them has been run there.</summary>
    public required double FullMinutes { get; init; }

    /// <summary>Paired repeats where none are asked for.</summary>
    public int Seeds { get; init; } = 3;

    /// <summary>Looks for what <see cref="Run"/> needs without training anything; called before any folder is made.
    /// Throws <see cref="Distillation.Data.KdDataException"/> or <see cref="Distillation.Recipes.RecipeException"/>.</summary>
    public Action<ClaimSettings> Check { get; init; } = static _ => { };

    /// <summary>The experiment. All work that takes time is done in <see cref="ClaimContext.Part{T}"/> or
    /// <see cref="ClaimContext.Train"/>, so that a later process finds it done; the rest must follow from what these
    /// return.</summary>
    public required Func<ClaimContext, ClaimFindings> Run { get; init; }
}

/// <summary>How a claim is to be run.</summary>
public sealed record ClaimSettings
{
    /// <summary>Paired repeats, at least 1.</summary>
    public required int Seeds { get; init; }

    /// <summary>The paper's setting instead of the reduced one.</summary>
    public bool Full { get; init; }

    /// <summary>Overrides of every recipe of the claim, as <c>key=value</c>.</summary>
    public IReadOnlyList<string> Overrides { get; init; } = [];
}
