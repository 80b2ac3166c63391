using System.Runtime.InteropServices;
using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>Red, green and blue, nominally in [0, 1].</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Colour(double Red, double Green, double Blue);

/// <summary>
/// A texture of <see cref="Shapes"/>: <c>base + swing · pattern(x, y)</c> with a pattern in [-1, 1]: plain, a gradient,
/// stripes, checks or smooth noise. Objects and backgrounds draw from the same patterns, so texture alone does not tell
/// them apart.
/// </summary>
internal sealed class ShapesTexture
{
    private const int Kinds = 5;
    private const int Lattice = 10;

    private readonly int _kind;
    private readonly double _cos;
    private readonly double _sin;
    private readonly double _period;
    private readonly double _phase;
    private readonly double[]? _lattice;

    private ShapesTexture(ref PhiloxSequence random, Colour mean, double amplitude)
    {
        Base = mean;
        Swing = new Colour(
            amplitude * (2 * random.NextDouble() - 1),
            amplitude * (2 * random.NextDouble() - 1),
            amplitude * (2 * random.NextDouble() - 1));
        _kind = random.NextInt32(Kinds);
        (_cos, _sin) = NextDirection(ref random);
        _period = 3 + 6 * random.NextDouble();
        _phase = random.NextDouble();
        if (_kind == 4)
        {
            _lattice = new double[Lattice * Lattice];
            for (int i = 0; i < _lattice.Length; i++)
                _lattice[i] = 2 * random.NextDouble() - 1;
        }
    }

    public Colour Base { get; }

    public Colour Swing { get; }

    public static ShapesTexture Draw(ref PhiloxSequence random, Colour mean, double amplitude) =>
        new(ref random, mean, amplitude);

    /// <summary>
    /// A uniform unit vector by rejection from the disc: no sine, whose last bit differs between machines.
    /// </summary>
    public static (double Cos, double Sin) NextDirection(ref PhiloxSequence random)
    {
        while (true)
        {
            double x = 2 * random.NextDouble() - 1;
            double y = 2 * random.NextDouble() - 1;
            double square = x * x + y * y;
            if (square is > 1 or < 0.01)
                continue;
            double length = Math.Sqrt(square);
            return (x / length, y / length);
        }
    }

    /// <summary>The pattern at a point of the image, in [-1, 1].</summary>
    public double At(double x, double y)
    {
        double along = x * _cos + y * _sin;
        double across = y * _cos - x * _sin;
        return _kind switch
        {
            0 => 0,
            1 => Math.Clamp((along - 16 * (_cos + _sin)) / 16, -1.0, 1.0),
            2 => Triangle(along / _period + _phase),
            3 => (IsOdd(along / _period + _phase) ^ IsOdd(across / _period + _phase)) ? 1 : -1,
            _ => Smooth(x / 4, y / 4),
        };
    }

    /// <summary>A triangle wave of period 1 in [-1, 1].</summary>
    private static double Triangle(double t)
    {
        double part = t - Math.Floor(t);
        return part < 0.5 ? 4 * part - 1 : 3 - 4 * part;
    }

    private static bool IsOdd(double t)
    {
        double half = t - Math.Floor(t);
        return half < 0.5;
    }

    /// <summary>Bilinear interpolation of the lattice.</summary>
    private double Smooth(double x, double y)
    {
        int column = (int)x;
        int row = (int)y;
        double fx = x - column;
        double fy = y - row;
        int i = row * Lattice + column;
        double top = _lattice![i] + (_lattice[i + 1] - _lattice[i]) * fx;
        double bottom = _lattice[i + Lattice] + (_lattice[i + Lattice + 1] - _lattice[i + Lattice]) * fx;
        return top + (bottom - top) * fy;
    }
}
