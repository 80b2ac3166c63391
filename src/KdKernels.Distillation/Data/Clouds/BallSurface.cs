using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>A sphere.</summary>
internal sealed class BallSurface(double radius) : CloudSurface
{
    public override double Area => 4 * Math.PI * radius * radius;

    /// <summary>Archimedes: heights of a uniform point are uniform.</summary>
    public override CloudPoint Draw(ref PhiloxSequence random)
    {
        double height = Between(ref random, -1, 1);
        (double cos, double sin) = ShapesTexture.NextDirection(ref random);
        double around = radius * Math.Sqrt(1 - height * height);
        return new CloudPoint(around * cos, around * sin, radius * height);
    }
}
