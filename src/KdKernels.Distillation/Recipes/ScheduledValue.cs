using System.Runtime.InteropServices;

namespace KdKernels.Distillation.Recipes;

/// <summary>How a <see cref="ScheduledValue"/> goes from its first value to its last.</summary>
public enum RampKind
{
    Linear,

    /// <summary>Half a cosine: flat at both ends.</summary>
    Cosine,

    /// <summary>The first value until the last epoch of the ramp, then the second.</summary>
    Step,
}

/// <summary>
/// A number, or a ramp from one number to another over the first epochs: DKD warms its weight up, annealed distillation
/// lowers the temperature.
/// </summary>
/// <param name="From">Value at the start.</param>
/// <param name="To">Value from <paramref name="Epochs"/> on.</param>
/// <param name="Epochs">Length of the ramp; 0 means that the value is constant.</param>
/// <param name="Kind">Shape of the ramp.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct ScheduledValue(double From, double To, double Epochs, RampKind Kind)
{
    public bool IsConstant => Epochs == 0;

    public static implicit operator ScheduledValue(double constant) => FromDouble(constant);

    /// <summary>A constant.</summary>
    public static ScheduledValue FromDouble(double constant) => new(constant, constant, 0, RampKind.Linear);

    /// <summary>The value after <paramref name="epoch"/> epochs, which may be fractional.</summary>
    public double At(double epoch)
    {
        if (epoch >= Epochs)
        {
            return To;
        }

        return Kind switch
        {
            RampKind.Linear => From + (To - From) * (epoch / Epochs),
            RampKind.Cosine => LearningRateSchedule.HalfCosine(From, To, epoch / Epochs),
            RampKind.Step => From,
            _ => throw new InvalidOperationException($"unknown ramp {Kind}"),
        };
    }
}
