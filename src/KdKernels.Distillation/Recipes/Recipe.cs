using KdKernels.Distillation.Methods;

namespace KdKernels.Distillation.Recipes;

/// <summary>
/// One experiment, completely stated: the data, the teacher, the student, the distillation and how the outcome is
/// measured.
/// Read with <see cref="RecipeReader"/>, which checks everything; every value has a default, so that a recipe only says
/// what differs.
/// </summary>
public sealed record Recipe
{
    /// <summary>What the run is called; part of the run folder's name.</summary>
    public string Name { get; init; } = "unnamed";

    /// <summary>Every random number of the run derives from this.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Paired repeats: for each one a plain and a distilled student with equal initial weights and batch
    /// order.</summary>
    public int Seeds { get; init; } = 3;

    /// <summary><c>auto</c>, <c>cpu</c> or <c>cuda:N</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>
    /// Threads of torch and of this library; 0 takes as many as there are processors. torch's sums may differ in their
    /// last bits with it: to repeat a run bit for bit elsewhere, state it.
    /// </summary>
    public int Threads { get; init; }

    public DataRecipe Data { get; init; } = new();

    public TeacherRecipe Teacher { get; init; } = new();

    /// <summary>More teachers beside the first; <see cref="DistillRecipe.Switch"/> says who speaks.</summary>
    public IReadOnlyList<TeacherRecipe> Teachers { get; init; } = [];

    public StudentRecipe Student { get; init; } = new();

    public DistillRecipe Distill { get; init; } = new();

    public EvaluationRecipe Evaluation { get; init; } = new();

    public CheckpointRecipe Checkpoint { get; init; } = new();

    public TraceRecipe Trace { get; init; } = new();

    public bool Equals(Recipe? other) =>
        other is not null && string.Equals(ToYaml(), other.ToYaml(), StringComparison.Ordinal);

    public override int GetHashCode() => HashCode.Combine(Name, Seed, Seeds);

    /// <summary>The fully resolved recipe as YAML: reading it back gives an equal recipe.</summary>
    public string ToYaml() => RecipeWriter.Write(this);

    /// <summary>
    /// The same experiment cut down to show that it works, not what it achieves: one seed, at most 2,000 training and
    /// 1,000 held-out images, at most a third of the epochs. Learning-rate milestones and traced epochs move with the
    /// epochs.
    /// </summary>
    public Recipe Quick() => this with
    {
        Name = Name + "-quick",
        Seeds = 1,
        Data = Data with { Train = AtMost(Data.Train, 2000), Test = AtMost(Data.Test, 1000) },
        Teacher = Teacher with { Solver = Teacher.Solver.Shortened() },
        Teachers = [.. Teachers.Select(teacher => teacher with { Solver = teacher.Solver.Shortened() })],
        Student = Student with { Solver = Student.Solver.Shortened() },
        Trace = Trace.Rescaled(Student.Solver.Epochs, Student.Solver.Shortened().Epochs),
    };

    // 0 means "all there are", which is more than any limit.
    private static int AtMost(int count, int limit) => count == 0 ? limit : Math.Min(count, limit);
}

/// <summary>Which images.</summary>
public sealed record DataRecipe
{
    /// <summary>One of <see cref="Tasks.TaskCatalog.Names"/>: the name says the kind of task as well.</summary>
    public string Name { get; init; } = "shapes";

    /// <summary>The folder that holds the data set's files; not used by generated data.</summary>
    public string? Root { get; init; }

    /// <summary>Number of training images; 0 takes all there are.</summary>
    public int Train { get; init; }

    /// <summary>Number of held-out images; 0 takes all there are.</summary>
    public int Test { get; init; }

    /// <summary>
    /// Images taken off the training set, for choosing settings without looking at the held-out ones; 0 takes none.
    /// Where it is positive, everything is measured on these instead of on the test images.
    /// </summary>
    public int Validation { get; init; }

    /// <summary>Height and width in pixels; 0 keeps the data set's own.</summary>
    public int ImageSize { get; init; }

    public AugmentRecipe Augment { get; init; } = new();
}

/// <summary>Random changes of training images, drawn anew in every epoch.</summary>
public sealed record AugmentRecipe
{
    /// <summary>Pixels of zero padding from which a window of the image's own size is cut; 0 is off.</summary>
    public int Crop { get; init; }

    /// <summary>Mirror left to right with probability one half.</summary>
    public bool Flip { get; init; }

    /// <summary>Side of a square that is blanked at a random place; 0 is off.</summary>
    public int Cutout { get; init; }
}

/// <summary>The network that teaches: trained by this run, or loaded.</summary>
public sealed record TeacherRecipe
{
    public string Model { get; init; } = "convnet-large";

    /// <summary>A checkpoint folder or a .safetensors file; null trains the teacher with <see
    /// cref="Solver"/>.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>What it learns where that is not what the student learns; null for the student's data.</summary>
    public DataRecipe? Data { get; init; }

    public SolverRecipe Solver { get; init; } = new();
}

/// <summary>The network that learns, once alone and once from the teacher.</summary>
public sealed record StudentRecipe
{
    public string Model { get; init; } = "convnet-small";

    /// <summary>At most so many training images of each class, the first ones; 0 takes all. The teacher has all.</summary>
    public int PerClass { get; init; }

    /// <summary>A class of which the student never sees an image (Hinton et al. 2015, section 3); null for none.</summary>
    public int? OmitClass { get; init; }

    public SolverRecipe Solver { get; init; } = new();
}

/// <summary>What computes the distillation loss. Both give the same one, to rounding.</summary>
public enum DistillOps
{
    /// <summary>This library's kernels.</summary>
    Fused,

    /// <summary>Torch operations, as most code composes them: what the kernels are compared with.</summary>
    Composed,
}

/// <summary>The distillation: its methods, and what they share.</summary>
public sealed record DistillRecipe
{
    /// <summary>No method: labels alone.</summary>
    public static DistillRecipe None { get; } = new() { Methods = [MethodRecipe.Default(MethodCatalog.None)] };

    /// <summary>At least one; several add their terms.</summary>
    public IReadOnlyList<MethodRecipe> Methods { get; init; } = [MethodRecipe.Default("kd")];

    /// <summary>Weight of the loss against labels; null takes the smallest that one of the methods asks for.</summary>
    public ScheduledValue? Labels { get; init; }

    public DistillOps Ops { get; init; } = DistillOps.Fused;

    public TeacherSwitchRecipe Switch { get; init; } = new();

    /// <summary>False where the methods change nothing: only plain students are trained.</summary>
    public bool Distils => Methods.Any(method => !string.Equals(method.Name, MethodCatalog.None, StringComparison.Ordinal));

    /// <summary>Whether a method needs a teacher.</summary>
    public bool NeedsTeacher => Methods.Any(method => MethodCatalog.Find(method.Name)!.Teacher != TeacherNeed.None);

    /// <summary>Weight of the loss against labels after some epochs, fractional.</summary>
    public double LabelWeight(double epoch) => Labels is { } stated
        ? stated.At(epoch)
        : Methods.Min(method => MethodCatalog.Find(method.Name)!.LabelWeight(method.Settings, epoch));

    public bool Equals(DistillRecipe? other) =>
        other is not null && Methods.SequenceEqual(other.Methods) && Labels == other.Labels && Ops == other.Ops
        && Switch == other.Switch;

    public override int GetHashCode() => HashCode.Combine(Methods.Count, Methods[0], Labels, Ops, Switch);
}

/// <summary>When and how held-out images are evaluated.</summary>
public sealed record EvaluationRecipe
{
    /// <summary>Epochs between evaluations; the last epoch is always evaluated.</summary>
    public int Every { get; init; } = 1;

    public int BatchSize { get; init; } = 256;

    /// <summary>Standard deviations of Gaussian noise on the normalised images under which the accuracy is measured as
    /// well.</summary>
    public IReadOnlyList<double> Noise { get; init; } = [];

    /// <summary>Resamples of the paired bootstrap.</summary>
    public int Bootstrap { get; init; } = 10_000;
}

/// <summary>When checkpoints are written, and how many stay.</summary>
public sealed record CheckpointRecipe
{
    /// <summary>Epochs between checkpoints; the last epoch always gets one.</summary>
    public int Every { get; init; } = 1;

    /// <summary>How many of the latest checkpoints stay, besides the best; at least 2, so that a damaged one has a
    /// predecessor.</summary>
    public int Keep { get; init; } = 2;
}
