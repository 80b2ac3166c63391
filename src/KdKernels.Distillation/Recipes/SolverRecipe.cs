namespace KdKernels.Distillation.Recipes;

/// <summary>Gradient descent methods, with torch's definitions.</summary>
public enum OptimizerKind
{
    Sgd,
    Adam,
    Adamw,
    Rmsprop,
}

/// <summary>How the learning rate changes over a training.</summary>
public enum LearningRateKind
{
    /// <summary>It does not.</summary>
    Constant,

    /// <summary>Multiplied by gamma at every milestone (epochs).</summary>
    MultiStep,

    /// <summary>Half a cosine from the full rate to zero.</summary>
    Cosine,

    /// <summary>Rises as half a cosine from 1/25 of the rate over the first 30 %, then falls to 1/250,000 of it (Smith
    /// and Topin 2018, torch's constants).</summary>
    OneCycle,

    /// <summary>A straight line from the full rate to zero.</summary>
    Linear,
}

/// <summary>One network's training.</summary>
public sealed record SolverRecipe
{
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Sgd;

    public double LearningRate { get; init; } = 0.05;

    /// <summary>SGD's momentum; RMSProp's too; Adam and AdamW keep torch's betas (0.9, 0.999).</summary>
    public double Momentum { get; init; } = 0.9;

    public double WeightDecay { get; init; } = 5e-4;

    public bool Nesterov { get; init; }

    public int Epochs { get; init; } = 10;

    public int BatchSize { get; init; } = 64;

    public LearningRateSchedule Schedule { get; init; } = new();

    /// <summary>Largest allowed Euclidean norm of all gradients together; 0 does not clip.</summary>
    public double ClipNorm { get; init; }

    internal SolverRecipe Shortened()
    {
        int epochs = Math.Max(1, Epochs / 3);
        return this with { Epochs = epochs, Schedule = Schedule.Rescaled(Epochs, epochs) };
    }
}

/// <summary>The learning rate as a function of training progress. Stateless: a resumed run needs nothing but the
/// step.</summary>
public sealed record LearningRateSchedule
{
    // Smith and Topin's one-cycle policy with the constants of torch.optim.lr_scheduler.OneCycleLR.
    private const double OneCycleRise = 0.3;
    private const double OneCycleStart = 1.0 / 25.0;
    private const double OneCycleEnd = OneCycleStart / 1e4;

    public LearningRateKind Kind { get; init; } = LearningRateKind.Cosine;

    /// <summary>Epochs at which <see cref="LearningRateKind.MultiStep"/> lowers the rate.</summary>
    public IReadOnlyList<int> Milestones { get; init; } = [];

    public double Gamma { get; init; } = 0.1;

    /// <summary>Epochs of a linear rise from zero before the schedule's own shape begins to count; may be
    /// fractional.</summary>
    public double WarmUp { get; init; }

    /// <summary>Factor on the learning rate for the step that starts at <paramref name="epoch"/> (fractional) of
    /// <paramref name="epochs"/>.</summary>
    /// <param name="epoch">Epochs done, in [0, epochs); fractional within an epoch.</param>
    /// <param name="epochs">Length of the training.</param>
    /// <param name="stepLength">Length of one step in epochs: warm-up reaches its end with the last warm-up step, and
    /// its first step is not zero.</param>
    public double Factor(double epoch, int epochs, double stepLength)
    {
        double progress = Math.Clamp(epoch / epochs, 0, 1);
        double factor = Kind switch
        {
            LearningRateKind.Constant => 1,
            LearningRateKind.MultiStep => Math.Pow(Gamma, Milestones.Count(milestone => epoch >= milestone)),
            LearningRateKind.Cosine => HalfCosine(1, 0, progress),
            LearningRateKind.Linear => 1 - progress,
            LearningRateKind.OneCycle => progress < OneCycleRise
                ? HalfCosine(OneCycleStart, 1, progress / OneCycleRise)
                : HalfCosine(1, OneCycleEnd, (progress - OneCycleRise) / (1 - OneCycleRise)),
            _ => throw new InvalidOperationException($"unknown learning-rate schedule {Kind}"),
        };
        return epoch < WarmUp ? factor * Math.Min(1, (epoch + stepLength) / WarmUp) : factor;
    }

    /// <summary>Value equality that looks into the milestones.</summary>
    public bool Equals(LearningRateSchedule? other) =>
        other is not null && Kind == other.Kind && Gamma.Equals(other.Gamma) && WarmUp.Equals(other.WarmUp)
        && Milestones.SequenceEqual(other.Milestones);

    public override int GetHashCode() => HashCode.Combine(Kind, Gamma, WarmUp, Milestones.Count);

    internal LearningRateSchedule Rescaled(int from, int to)
    {
        int[] milestones =
        [
            .. Milestones
                .Select(milestone => (int)((long)milestone * to / from))
                .Where(milestone => milestone > 0)
                .Distinct(),
        ];
        return this with
        {
            // A training too short for its milestones has none.
            Kind = Kind == LearningRateKind.MultiStep && milestones.Length == 0 ? LearningRateKind.Constant : Kind,
            Milestones = milestones,
            WarmUp = WarmUp * to / from,
        };
    }

    internal static double HalfCosine(double from, double to, double progress) =>
        to + (from - to) * 0.5 * (1 + Math.Cos(Math.PI * progress));
}
