using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>An upright cone without its tip, closed below and above; a cylinder where both radii are equal.</summary>
internal sealed class FrustumSurface : CloudSurface
{
    private readonly double _bottom;
    private readonly double _top;
    private readonly double _half;
    private readonly double _side;

    /// <param name="bottom">Radius below, above 0.</param>
    /// <param name="top">Radius above; 0 is a cone.</param>
    /// <param name="half">Half the height.</param>
    public FrustumSurface(double bottom, double top, double half)
    {
        (_bottom, _top, _half) = (bottom, top, half);
        double slope = bottom - top;
        _side = Math.PI * (bottom + top) * Math.Sqrt(slope * slope + 4 * half * half);
    }

    public override double Area => _side + Math.PI * (_bottom * _bottom + _top * _top);

    public override CloudPoint Draw(ref PhiloxSequence random)
    {
        double area = random.NextDouble() * Area;
        double share = random.NextDouble();
        (double cos, double sin) = ShapesTexture.NextDirection(ref random);
        if (area < _side)
        {
            // Area grows with the square of the distance to the tip, so the square of the radius is uniform; a cylinder
            // has no tip, and its heights are uniform.
            double radius = Math.Sqrt(_bottom * _bottom + share * (_top * _top - _bottom * _bottom));
            double height = _bottom == _top ? share : (_bottom - radius) / (_bottom - _top);
            return new CloudPoint(radius * cos, radius * sin, _half * (2 * height - 1));
        }

        bool below = area < _side + Math.PI * _bottom * _bottom;
        double distance = (below ? _bottom : _top) * Math.Sqrt(share);
        return new CloudPoint(distance * cos, distance * sin, below ? -_half : _half);
    }
}
