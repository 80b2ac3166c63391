using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>A torus that lies flat around the z axis.</summary>
/// <param name="radius">From the middle to the middle of the tube.</param>
/// <param name="tube">Radius of the tube, less than <paramref name="radius"/>.</param>
internal sealed class RingSurface(double radius, double tube) : CloudSurface
{
    public override double Area => 4 * Math.PI * Math.PI * radius * tube;

    public override CloudPoint Draw(ref PhiloxSequence random)
    {
        (double cos, double sin) = ShapesTexture.NextDirection(ref random);
        while (true)
        {
            // The outside of the tube has more area than the inside.
            (double outwards, double up) = ShapesTexture.NextDirection(ref random);
            double distance = radius + tube * outwards;
            if (random.NextDouble() * (radius + tube) < distance)
                return new CloudPoint(distance * cos, distance * sin, tube * up);
        }
    }
}
