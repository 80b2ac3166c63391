using KdKernels.Core;

namespace KdKernels.Distillation.Data;

/// <summary>
/// Draws one image of <see cref="Shapes"/>: background, small objects of other classes, the object, bars across it, noise. All
/// arithmetic is + - * / and sqrt in float64, in source order, which IEEE 754 defines to the last bit.
/// </summary>
internal sealed class ShapesImage
{
    private const int Size = Shapes.Size;
    private const int PixelCount = Size * Size;

    // Difficulty, calibrated by plain supervised training only and frozen with Shapes.Version.
    private const double MinRadius = 5.5;
    private const double MaxRadius = 9.5;
    private const double MinDistractorRadius = 1.8;
    private const double MaxDistractorRadius = 3.2;
    private const int MaxDistractors = 3;
    private const double MinContrast = 0.12;
    private const double MaxContrast = 0.45;
    private const double MaxTextureAmplitude = 0.22;
    private const double MinNoise = 0.02;
    private const double MaxNoise = 0.10;
    private const double BarProbability = 0.5;

    /// <summary>A bar that hides more than this part of the object is left out, so that the class stays visible.</summary>
    private const double MaxHidden = 0.3;

    private readonly int _label;
    private readonly double[] _canvas = new double[3 * PixelCount];
    private PhiloxSequence _random;

    public ShapesImage(ulong seed, uint purpose, uint index, int label)
    {
        _random = new PhiloxSequence(seed, purpose, major: Shapes.Version, minor: index);
        _label = label;
    }

    /// <param name="pixels">Receives <c>[3, 32, 32]</c>.</param>
    /// <param name="mask">Receives <c>[32, 32]</c>: 255 where the object is visible, else 0.</param>
    public void Render(Span<byte> pixels, Span<byte> mask)
    {
        Colour ground = NextColour(0.2, 0.8);
        var background = ShapesTexture.Draw(ref _random, ground, Between(0, MaxTextureAmplitude));
        for (int y = 0; y < Size; y++)
        {
            for (int x = 0; x < Size; x++)
                Put(x, y, background);
        }

        int distractors = _random.NextInt32(MaxDistractors + 1);
        for (int i = 0; i < distractors; i++)
        {
            int kind = (_label + 1 + _random.NextInt32(ShapeGeometry.Names.Count - 1)) % ShapeGeometry.Names.Count;
            DrawObject(kind, Between(MinDistractorRadius, MaxDistractorRadius), NextTextureOn(ground), mask);
        }

        mask.Clear();
        DrawObject(_label, Between(MinRadius, MaxRadius), NextTextureOn(ground), mask);
        DrawBar(NextTextureOn(ground), mask);
        Quantise(pixels, Between(MinNoise, MaxNoise));
    }

    private void DrawObject(int kind, double radius, ShapesTexture texture, Span<byte> mask)
    {
        double margin = 0.75 * radius;
        double centreX = Between(margin, Size - margin);
        double centreY = Between(margin, Size - margin);
        (double cos, double sin) = NextDirection();
        double stretch = Between(0.75, 1.3333333333333333);
        double root = Math.Sqrt(stretch);
        double scaleX = radius * root;
        double scaleY = radius / root;
        for (int y = 0; y < Size; y++)
        {
            for (int x = 0; x < Size; x++)
            {
                double dx = x + 0.5 - centreX;
                double dy = y + 0.5 - centreY;
                double u = (dx * cos + dy * sin) / scaleX;
                double v = (dy * cos - dx * sin) / scaleY;
                if (u * u + v * v > ShapeGeometry.Reach * ShapeGeometry.Reach || !ShapeGeometry.Contains(kind, u, v))
                    continue;
                Put(x, y, texture);
                mask[y * Size + x] = 255;
            }
        }
    }

    /// <summary>A bar through a point of the object, at any angle.</summary>
    private void DrawBar(ShapesTexture texture, Span<byte> mask)
    {
        bool wanted = _random.NextDouble() < BarProbability;
        double centreX = Between(0.25 * Size, 0.75 * Size);
        double centreY = Between(0.25 * Size, 0.75 * Size);
        double half = Between(0.8, 2.0);
        (double cos, double sin) = NextDirection();
        if (!wanted)
            return;
        int visible = 0;
        int hidden = 0;
        for (int i = 0; i < PixelCount; i++)
        {
            if (mask[i] == 0)
                continue;
            visible++;
            hidden += InBar(i) ? 1 : 0;
        }

        if (hidden > MaxHidden * visible)
            return;
        for (int i = 0; i < PixelCount; i++)
        {
            if (!InBar(i))
                continue;
            Put(i % Size, i / Size, texture);
            mask[i] = 0;
        }

        bool InBar(int i)
        {
            double across = (i / Size + 0.5 - centreY) * cos - (i % Size + 0.5 - centreX) * sin;
            return across > -half && across < half;
        }
    }

    private void Put(int x, int y, ShapesTexture texture)
    {
        double value = texture.At(x + 0.5, y + 0.5);
        int i = y * Size + x;
        _canvas[i] = texture.Base.Red + texture.Swing.Red * value;
        _canvas[PixelCount + i] = texture.Base.Green + texture.Swing.Green * value;
        _canvas[2 * PixelCount + i] = texture.Base.Blue + texture.Swing.Blue * value;
    }

    /// <summary>Adds noise (the sum of four bytes: nearly normal, exact in integers) and rounds to uint8.</summary>
    private void Quantise(Span<byte> pixels, double noise)
    {
        // Standard deviation of the sum of four uniform bytes: sqrt(4 (256² - 1) / 12) = 147.8.
        const double unit = 1 / 147.8;
        for (int i = 0; i < pixels.Length; i++)
        {
            uint word = _random.NextUInt32();
            int sum = (int)((word & 255) + ((word >> 8) & 255) + ((word >> 16) & 255) + (word >> 24));
            double value = _canvas[i] + noise * ((sum - 510) * unit);
            pixels[i] = (byte)(Math.Clamp(value, 0.0, 1.0) * 255 + 0.5);
        }
    }

    /// <summary>A texture whose mean colour keeps a drawn distance from the background's.</summary>
    private ShapesTexture NextTextureOn(Colour ground)
    {
        double contrast = Between(MinContrast, MaxContrast);
        Colour direction = NextUnitColour();

        // Towards the side of the colour cube that has room, so that clamping does not eat the contrast.
        double Step(double channel, double along) => channel + (channel > 0.5 ? -contrast : contrast) * (along < 0 ? -along : along);
        var mean = new Colour(
            Step(ground.Red, direction.Red), Step(ground.Green, direction.Green), Step(ground.Blue, direction.Blue));
        return ShapesTexture.Draw(ref _random, mean, Between(0, MaxTextureAmplitude));
    }

    private Colour NextColour(double low, double high) => new(Between(low, high), Between(low, high), Between(low, high));

    /// <summary>A uniform direction in the colour cube, by rejection from the ball.</summary>
    private Colour NextUnitColour()
    {
        while (true)
        {
            Colour c = NextColour(-1, 1);
            double square = c.Red * c.Red + c.Green * c.Green + c.Blue * c.Blue;
            if (square is > 1 or < 0.01)
                continue;
            double length = Math.Sqrt(square);
            return new Colour(c.Red / length, c.Green / length, c.Blue / length);
        }
    }

    private (double Cos, double Sin) NextDirection() => ShapesTexture.NextDirection(ref _random);

    private double Between(double low, double high) => low + (high - low) * _random.NextDouble();
}
