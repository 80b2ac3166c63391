using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Methods;

/// <summary>What a method needs as its teacher.</summary>
public enum TeacherNeed
{
    /// <summary>None: the method changes how a network is trained, not what it is taught.</summary>
    None,

    /// <summary>A network of the same classes: its logits are compared with the student's.</summary>
    SameClasses,

    /// <summary>Any network on the same kind of input: only its features are used.</summary>
    AnyClasses,
}

/// <summary>How the trainer enlarges the batches of a method.</summary>
public enum BatchExpansion
{
    None,

    /// <summary>B images become 4B: the upright ones first, then those turned by 90, 180 and 270 degrees.</summary>
    Rotations,
}

/// <summary>A method as recipes, listings and documentation know it. <see cref="MethodCatalog"/> finds every class that
/// has one.</summary>
public sealed record MethodDefinition
{
    /// <summary>As recipes write it.</summary>
    public required string Name { get; init; }

    /// <summary>One line for listings.</summary>
    public required string Summary { get; init; }

    /// <summary>Authors, year and section.</summary>
    public required string Paper { get; init; }

    /// <summary>Markdown for its documentation page: formulas with shapes, what is divided by what, deviations, known
    /// defects elsewhere.</summary>
    public required string Description { get; init; }

    public IReadOnlyList<MethodSetting> Settings { get; init; } = [];

    public TeacherNeed Teacher { get; init; } = TeacherNeed.SameClasses;

    /// <summary>The kind of task that it is for; null where any will do.</summary>
    public string? Task { get; init; }

    public BatchExpansion Expansion { get; init; }

    /// <summary>Weight of the cross-entropy against labels where the recipe does not state one.</summary>
    internal Func<MethodSettings, double, double> LabelWeight { get; init; } = static (_, _) => 1;

    /// <summary>Epochs of a first stage in which the labels count nothing; 0 where there is none.</summary>
    internal Func<MethodSettings, int> FirstStageEpochs { get; init; } = static _ => 0;

    /// <summary>Epochs in which parts on top of the frozen teacher are trained once; 0 where there are none.</summary>
    internal Func<MethodSettings, int> TeacherStageEpochs { get; init; } = static _ => 0;

    /// <summary>The models of the networks between teacher and student, largest first.</summary>
    internal Func<MethodSettings, IReadOnlyList<string>> Assistants { get; init; } = static _ => [];

    /// <summary>What the loss is, term by term: for <c>kd explain-loss</c> and the documentation.</summary>
    public required Func<MethodSettings, IReadOnlyList<TermContract>> Contract { get; init; }

    /// <summary>Makes the method for one training; null for <c>none</c>.</summary>
    internal Func<MethodContext, DistillationMethod?> Create { get; init; } = static _ => null;

    /// <summary>The shipped recipe that shows it.</summary>
    public string Recipe => RecipeReader.Shipped.Contains(Name, StringComparer.Ordinal) ? Name : RecipeReader.DefaultName;
}

/// <summary>The loss contract of one term.</summary>
/// <param name="Term">Its name, as logged.</param>
/// <param name="Numerator">What is summed.</param>
/// <param name="Divisor">What the sum is divided by.</param>
/// <param name="TemperaturePower">The power of T that multiplies it.</param>
/// <param name="Weight">The factor at the start of the training, in words or numbers.</param>
/// <param name="Gradient">What the term sends back per logit or feature, in a formula.</param>
/// <param name="Detached">What gets no gradient.</param>
public sealed record TermContract(
    string Term, string Numerator, string Divisor, int TemperaturePower, string Weight, string Gradient, string Detached);
