using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>Half a torus that stands upright in the xz plane, on the side of positive x: a mug's handle.</summary>
/// <param name="radius">From the middle to the middle of the tube.</param>
/// <param name="tube">Radius of the tube, less than <paramref name="radius"/>.</param>
internal sealed class HandleSurface(double radius, double tube) : CloudSurface
{
    private readonly RingSurface _whole = new(radius, tube);

    public override double Area => _whole.Area / 2;

    public override CloudPoint Draw(ref PhiloxSequence random)
    {
        CloudPoint flat = _whole.Draw(ref random);
        return new CloudPoint(Math.Abs(flat.X), flat.Z, flat.Y);
    }
}
