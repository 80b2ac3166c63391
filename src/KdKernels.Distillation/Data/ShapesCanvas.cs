using System.Runtime.InteropServices;
using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>Where an outline lies: its centre, its turn and its extents, all in pixels.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ShapesPose(
    double CentreX, double CentreY, double Cos, double Sin, double ScaleX, double ScaleY)
{
    /// <summary>Whether the middle of pixel (x, y) lies inside outline <paramref name="kind"/>.</summary>
    public bool Contains(int kind, int x, int y)
    {
        double dx = x + 0.5 - CentreX;
        double dy = y + 0.5 - CentreY;
        double u = (dx * Cos + dy * Sin) / ScaleX;
        double v = (dy * Cos - dx * Sin) / ScaleY;
        return u * u + v * v <= ShapeGeometry.Reach * ShapeGeometry.Reach && ShapeGeometry.Contains(kind, u, v);
    }
}

/// <summary>
/// What the generators of <see cref="Shapes"/> and of scenes paint on, and what both draw at random: colours, textures,
/// poses, noise. All arithmetic is + - * / and sqrt in float64, in source order, which IEEE 754 defines to the last bit.
/// The numbers here are part of the frozen definition of both.
/// </summary>
internal sealed class ShapesCanvas
{
    private const double MinGround = 0.1;
    private const double MaxGround = 0.5;
    private const double MinContrast = 0.25;
    private const double MaxContrast = 0.7;
    private const double MaxTextureAmplitude = 0.1;
    private const double MinNoise = 0.01;
    private const double MaxNoise = 0.05;
    private const double MaxStretch = 1.2;

    /// <summary>Tangent of the largest turn away from upright, 22 degrees.</summary>
    private const double MaxTurn = 0.4;

    /// <summary>Distance of a centre from the edges, in radii of the object.</summary>
    private const double Margin = 1.3;

    private readonly int _size;
    private readonly int _pixelCount;
    private readonly double _toTexture;
    private readonly double[] _channels;
    private PhiloxSequence _random;

    /// <param name="size">Height and width.</param>
    /// <param name="random">All that is drawn comes from here, in order.</param>
    public ShapesCanvas(int size, PhiloxSequence random)
    {
        _size = size;
        _pixelCount = size * size;
        // Patterns are defined on the 32 pixels of Shapes and stretched over the canvas.
        _toTexture = (double)Shapes.Size / size;
        _channels = new double[3 * _pixelCount];
        _random = random;
    }

    public int NextInt32(int bound) => _random.NextInt32(bound);

    public double NextDouble() => _random.NextDouble();

    public double Between(double low, double high) => low + (high - low) * _random.NextDouble();

    public (double Cos, double Sin) NextDirection() => ShapesTexture.NextDirection(ref _random);

    /// <summary>Paints a drawn background and gives its mean colour.</summary>
    public Colour PaintGround()
    {
        Colour ground = NextColour(MinGround, MaxGround);
        var background = ShapesTexture.Draw(ref _random, ground, Between(0, MaxTextureAmplitude));
        for (int y = 0; y < _size; y++)
        {
            for (int x = 0; x < _size; x++)
                Put(x, y, background);
        }

        return ground;
    }

    /// <summary>
    /// A texture whose mean colour lies above the background's by a drawn distance. Always above: with either sign,
    /// 4,000 images took conv 8-16 and conv 16-32-64 to 13 and 20 %, where this took them to 25 and 50 % at the same
    /// early settings.
    /// </summary>
    public ShapesTexture NextTextureOn(Colour ground)
    {
        double contrast = Between(MinContrast, MaxContrast);
        Colour up = NextUpwardColour();
        var mean = new Colour(
            ground.Red + contrast * up.Red, ground.Green + contrast * up.Green, ground.Blue + contrast * up.Blue);
        return ShapesTexture.Draw(ref _random, mean, Between(0, MaxTextureAmplitude));
    }

    /// <summary>A place inside the margin, a turn by at most <see cref="MaxTurn"/> either way, and a stretch.</summary>
    public ShapesPose NextPose(double radius)
    {
        double margin = Margin * radius;
        double centreX = Between(margin, _size - margin);
        double centreY = Between(margin, _size - margin);
        double tangent = Between(-MaxTurn, MaxTurn);
        double length = Math.Sqrt(1 + tangent * tangent);
        double root = Math.Sqrt(Between(1 / MaxStretch, MaxStretch));
        return new ShapesPose(centreX, centreY, 1 / length, tangent / length, radius * root, radius / root);
    }

    public void Put(int x, int y, ShapesTexture texture)
    {
        double value = texture.At((x + 0.5) * _toTexture, (y + 0.5) * _toTexture);
        int i = y * _size + x;
        _channels[i] = texture.Base.Red + texture.Swing.Red * value;
        _channels[_pixelCount + i] = texture.Base.Green + texture.Swing.Green * value;
        _channels[2 * _pixelCount + i] = texture.Base.Blue + texture.Swing.Blue * value;
    }

    /// <summary>Adds noise (the sum of four bytes: nearly normal, exact in integers) and rounds to uint8.</summary>
    /// <param name="pixels">Receives <c>[3, size, size]</c>.</param>
    public void Quantise(Span<byte> pixels)
    {
        // Standard deviation of the sum of four uniform bytes: sqrt(4 (256² - 1) / 12) = 147.8.
        const double unit = 1 / 147.8;
        double noise = Between(MinNoise, MaxNoise);
        for (int i = 0; i < pixels.Length; i++)
        {
            uint word = _random.NextUInt32();
            int sum = (int)((word & 255) + ((word >> 8) & 255) + ((word >> 16) & 255) + (word >> 24));
            double value = _channels[i] + noise * ((sum - 510) * unit);
            pixels[i] = (byte)(Math.Clamp(value, 0.0, 1.0) * 255 + 0.5);
        }
    }

    private Colour NextColour(double low, double high) =>
        new(Between(low, high), Between(low, high), Between(low, high));

    /// <summary>A uniform direction in the octant where no channel falls, by rejection from the ball.</summary>
    private Colour NextUpwardColour()
    {
        while (true)
        {
            Colour c = NextColour(-1, 1);
            double square = c.Red * c.Red + c.Green * c.Green + c.Blue * c.Blue;
            if (square is > 1 or < 0.01)
                continue;
            double length = Math.Sqrt(square);
            return new Colour(Math.Abs(c.Red) / length, Math.Abs(c.Green) / length, Math.Abs(c.Blue) / length);
        }
    }
}
