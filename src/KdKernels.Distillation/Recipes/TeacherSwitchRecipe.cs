namespace KdKernels.Distillation.Recipes;

/// <summary>Who speaks where there are several teachers.</summary>
public enum TeacherPolicy
{
    /// <summary>All in every step, with equal shares.</summary>
    Average,

    /// <summary>The first in a part of each period, one of the others in the rest: ASDT's pulse wave.</summary>
    PulseWidth,

    /// <summary>One after the other, step by step.</summary>
    RoundRobin,

    /// <summary>The one whose largest probability is highest, on average over the batch.</summary>
    Confidence,

    /// <summary>One at random, by seed and step.</summary>
    Random,
}

/// <summary>The switch between teachers.</summary>
public sealed record TeacherSwitchRecipe
{
    public TeacherPolicy Policy { get; init; } = TeacherPolicy.Average;

    /// <summary>P: steps of a period of the pulse wave.</summary>
    public int Period { get; init; } = 100;

    /// <summary>d: the first teacher's part of a period; it may follow a schedule.</summary>
    public ScheduledValue Duty { get; init; } = 0.5;
}
