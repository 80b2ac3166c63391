using System.Runtime.InteropServices;
using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>
/// A solid of one of the ten classes with drawn proportions: surfaces at places. No point lies farther than about 1.5 from
/// the origin. Where surfaces run through each other, the hidden parts are drawn as well.
/// </summary>
internal sealed class CloudSolid
{
    public static readonly IReadOnlyList<string> Names =
        ["ball", "box", "cylinder", "cone", "ring", "mug", "table", "lamp", "cross", "tray"];

    private readonly Part[] _parts;
    private readonly double _area;

    private CloudSolid(params Part[] parts)
    {
        _parts = parts;
        foreach (Part part in parts)
            _area += part.Surface.Area;
    }

    /// <summary>Draws the proportions of a solid of class <paramref name="kind"/>.</summary>
    public static CloudSolid Next(int kind, ref PhiloxSequence random)
    {
        double a = random.NextDouble();
        double b = random.NextDouble();
        double c = random.NextDouble();
        return kind switch
        {
            0 => new CloudSolid(At(0, 0, 0, new BallSurface(0.7 + 0.25 * a))),
            1 => new CloudSolid(At(0, 0, 0, new BoxSurface(0.5 + 0.3 * a, 0.5 + 0.3 * b, 0.5 + 0.4 * c))),
            2 => Cylinder(0.5 + 0.3 * a, 0.5 + 0.4 * b),
            3 => Cone(0.6 + 0.3 * a, 0.4 * b, 0.6 + 0.3 * c),
            4 => new CloudSolid(At(0, 0, 0, new RingSurface(0.65 + 0.15 * a, 0.15 + 0.25 * b))),
            5 => Mug(0.5 + 0.25 * a, 0.5 + 0.35 * b, 0.08 + 0.06 * c),
            6 => Table(0.65 + 0.25 * a, 0.55 + 0.25 * b, 0.4 + 0.35 * c),
            7 => Lamp(0.35 + 0.2 * a, 0.45 + 0.2 * b, 0.15 + 0.2 * c),
            8 => Cross(0.15 + 0.12 * a, 0.5 + 0.35 * b, 0.35 * c),
            9 => Tray(0.75 + 0.2 * a, 0.4 + 0.2 * b, 0.08 + 0.12 * c),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, $"expected a solid in [0, {Names.Count})"),
        };
    }

    /// <summary>A point of its surface, uniform by area.</summary>
    public CloudPoint Draw(ref PhiloxSequence random)
    {
        double area = random.NextDouble() * _area;
        int part = 0;
        while (part < _parts.Length - 1 && area >= _parts[part].Surface.Area)
            area -= _parts[part++].Surface.Area;
        CloudPoint place = _parts[part].Place;
        CloudPoint point = _parts[part].Surface.Draw(ref random);
        return new CloudPoint(place.X + point.X, place.Y + point.Y, place.Z + point.Z);
    }

    private static CloudSolid Cylinder(double radius, double half) =>
        new(At(0, 0, 0, new FrustumSurface(radius, radius, half)));

    private static CloudSolid Cone(double bottom, double top, double half) =>
        new(At(0, 0, 0, new FrustumSurface(bottom, bottom * top, half)));

    private static CloudSolid Mug(double radius, double half, double tube) => new(
        At(0, 0, 0, new FrustumSurface(radius, radius, half)),
        At(radius, 0, 0, new HandleSurface(0.65 * half, tube)));

    private static CloudSolid Table(double length, double width, double half)
    {
        const double leg = 0.09;
        (double x, double y) = (length - leg, width - leg);
        return new CloudSolid(
            At(0, 0, half, new BoxSurface(length, width, 0.06)),
            At(x, y, 0, new FrustumSurface(leg, leg, half)),
            At(-x, y, 0, new FrustumSurface(leg, leg, half)),
            At(x, -y, 0, new FrustumSurface(leg, leg, half)),
            At(-x, -y, 0, new FrustumSurface(leg, leg, half)));
    }

    private static CloudSolid Lamp(double foot, double shade, double top) => new(
        At(0, 0, -0.85, new FrustumSurface(foot, foot, 0.05)),
        At(0, 0, -0.2, new FrustumSurface(0.07, 0.07, 0.65)),
        At(0, 0, 0.6, new FrustumSurface(shade, top, 0.3)));

    private static CloudSolid Cross(double half, double arm, double height) => new(
        At(0, 0, 0, new BoxSurface(half, half, 0.9)),
        At(0, 0, height, new BoxSurface(arm, half, half)));

    private static CloudSolid Tray(double plate, double radius, double tube) => new(
        At(0, 0, 0, new FrustumSurface(plate, plate, 0.05)),
        At(0, 0, 0.05 + tube, new RingSurface(radius, tube)));

    private static Part At(double x, double y, double z, CloudSurface surface) => new(new CloudPoint(x, y, z), surface);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Part(CloudPoint Place, CloudSurface Surface);
}
