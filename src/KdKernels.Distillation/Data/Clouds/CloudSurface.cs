using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>
/// A surface around the origin, or part of one, from which points are drawn uniformly by area. Arithmetic is + - * / and
/// sqrt in float64, in source order, which IEEE 754 defines to the last bit: directions come from a disc by rejection,
/// because libm's sine differs between machines.
/// </summary>
internal abstract class CloudSurface
{
    /// <summary>Its area, for the share of points that a solid of several surfaces gives each.</summary>
    public abstract double Area { get; }

    /// <summary>A point of it.</summary>
    public abstract CloudPoint Draw(ref PhiloxSequence random);

    protected static double Between(ref PhiloxSequence random, double low, double high) =>
        low + (high - low) * random.NextDouble();
}
