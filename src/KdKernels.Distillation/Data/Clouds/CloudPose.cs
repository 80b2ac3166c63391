using System.Runtime.InteropServices;
using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>How a solid stands in space: stretched along its own axes, turned about the vertical, tilted, moved.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct CloudPose
{
    private const double MaxStretch = 1.25;

    /// <summary>Tangent of the largest tilt, 11 degrees.</summary>
    private const double MaxTilt = 0.2;

    private readonly CloudPoint _scale;
    private readonly double _cos;
    private readonly double _sin;
    private readonly double _tiltCos;
    private readonly double _tiltSin;
    private readonly CloudPoint _centre;

    private CloudPose(ref PhiloxSequence random, double size, CloudPoint centre)
    {
        _scale = new CloudPoint(NextScale(ref random, size), NextScale(ref random, size), NextScale(ref random, size));
        (_cos, _sin) = ShapesTexture.NextDirection(ref random);
        double tangent = MaxTilt * random.NextDouble();
        double length = Math.Sqrt(1 + tangent * tangent);
        (_tiltCos, _tiltSin) = (1 / length, tangent / length);
        _centre = centre;
    }

    /// <summary>Any turn, a tilt up to <see cref="MaxTilt"/>, and sizes around <paramref name="size"/>.</summary>
    public static CloudPose Next(ref PhiloxSequence random, double size, CloudPoint centre) =>
        new(ref random, size, centre);

    /// <summary>Where a point of the upright solid comes to lie.</summary>
    public CloudPoint Apply(CloudPoint point)
    {
        double x = _scale.X * point.X;
        double y = _scale.Y * point.Y;
        double z = _scale.Z * point.Z;

        // Turned first, so that the tilt, always about the x axis, is about any axis of the solid.
        double across = _cos * x - _sin * y;
        double along = _sin * x + _cos * y;
        return new CloudPoint(
            _centre.X + across,
            _centre.Y + (_tiltCos * along - _tiltSin * z),
            _centre.Z + (_tiltSin * along + _tiltCos * z));
    }

    private static double NextScale(ref PhiloxSequence random, double size) =>
        size * Math.Sqrt(1 / MaxStretch + (MaxStretch - 1 / MaxStretch) * random.NextDouble());
}
