using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>A box, by half its edges.</summary>
internal sealed class BoxSurface(double x, double y, double z) : CloudSurface
{
    public override double Area => 8 * (x * y + y * z + z * x);

    public override CloudPoint Draw(ref PhiloxSequence random)
    {
        double face = random.NextDouble() * (x * y + y * z + z * x);
        double side = random.NextInt32(2) == 0 ? -1 : 1;
        double u = Between(ref random, -1, 1);
        double v = Between(ref random, -1, 1);
        if (face < x * y)
            return new CloudPoint(x * u, y * v, z * side);
        return face < x * y + y * z ? new CloudPoint(x * side, y * u, z * v) : new CloudPoint(x * u, y * side, z * v);
    }
}
