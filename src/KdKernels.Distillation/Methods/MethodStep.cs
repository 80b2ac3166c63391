using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Tasks;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Methods;

/// <summary>One batch as a method sees it.</summary>
internal sealed class MethodStep
{
    private readonly Func<NetworkPass> runTeacher;
    private NetworkPass? teacher;

    /// <param name="runTeacher">Runs the teacher over <see cref="Inputs"/>.</param>
    /// <param name="labelWeight">See <see cref="LabelWeight"/>.</param>
    public MethodStep(Func<NetworkPass> runTeacher, double labelWeight)
    {
        this.runTeacher = runTeacher;
        LabelWeight = labelWeight;
    }

    public required LearningTask Task { get; init; }

    /// <summary>Inputs, labels and indices of the B items.</summary>
    public required Batch Batch { get; init; }

    /// <summary>What the networks saw: the batch's inputs, or more where a method expands the batch.</summary>
    public required Tensor Inputs { get; init; }

    public required NetworkPass Student { get; init; }

    /// <summary>The teacher's pass over <see cref="Inputs"/>, run when it is first asked for: once per batch, however many
    /// methods use it. No gradient.</summary>
    public NetworkPass Teacher => teacher ??= runTeacher();

    public bool TeacherRan => teacher is not null;

    /// <summary>Epochs done in this stage, fractional: schedules depend on it.</summary>
    public required double Epoch { get; init; }

    /// <summary>Steps done in this stage.</summary>
    public required long Step { get; init; }

    /// <summary>Seed of this training; with <see cref="Step"/> it keys whatever is random in the step.</summary>
    public required ulong Seed { get; init; }

    /// <summary>True in a two-stage method's first stage.</summary>
    public required bool FirstStage { get; init; }

    public required DistillOps Ops { get; init; }

    public bool Fused => Ops == DistillOps.Fused;

    /// <summary>Set by a method whose op computes it along the way.</summary>
    public Tensor? CrossEntropy { get; set; }

    /// <summary>Items right, likewise.</summary>
    public Tensor? Hits { get; set; }

    /// <summary>Items where student and teacher agree, likewise.</summary>
    public Tensor? Agreements { get; set; }

    /// <summary>The weight of the loss against labels that a method may still take over.</summary>
    public double LabelWeight { get; private set; }

    public bool LabelsTaken { get; private set; }

    /// <summary>Leaves the labels to a method of this step.</summary>
    public void OfferLabels(double weight) => LabelWeight = weight;

    /// <summary>Takes the labels over: the method adds that part itself, and everyone after it gets 0.</summary>
    public double TakeLabels()
    {
        double taken = LabelWeight;
        LabelWeight = 0;
        LabelsTaken = true;
        return taken;
    }
}
