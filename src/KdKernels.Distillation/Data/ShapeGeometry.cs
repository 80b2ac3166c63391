namespace KdKernels.Distillation.Data;

/// <summary>
/// The ten outlines of <see cref="Shapes"/> as inside tests. Each is scaled to area pi, the unit disc's, so that the
/// number of foreground pixels says nothing about the class, and each is its own mirror image, so a horizontal flip
/// gives a picture that the generator could have drawn. y points down. Arithmetic is + - * / only, in one order, so
/// every machine agrees on every pixel.
/// </summary>
internal static class ShapeGeometry
{
    public static readonly IReadOnlyList<string> Names =
        ["disc", "ring", "crescent", "heart", "triangle", "square", "hexagon", "star", "cross", "arrow"];

    /// <summary>No shape reaches farther from its centre than this.</summary>
    public const double Reach = 2.2;

    // Vertices of the unscaled polygons, upright; literals, because libm's sine differs between machines.
    private const double Sin60 = 0.8660254037844386;
    private const double Cos36 = 0.8090169943749475;
    private const double Sin36 = 0.5877852522924731;
    private const double Cos72 = 0.30901699437494745;
    private const double Sin72 = 0.9510565162951535;

    /// <summary>
    /// Ratio of the star's inner radius to its outer one; the pentagram's own 0.382 is too thin at this size.
    /// </summary>
    private const double StarInner = 0.5;

    private static readonly double[] Triangle = [0, -1, Sin60, 0.5, -Sin60, 0.5];

    private static readonly double[] Hexagon = [1, 0, 0.5, Sin60, -0.5, Sin60, -1, 0, -0.5, -Sin60, 0.5, -Sin60];

    private static readonly double[] Star =
    [
        0, -1, StarInner * Sin36, -StarInner * Cos36,
        Sin72, -Cos72, StarInner * Sin72, StarInner * Cos72,
        Sin36, Cos36, 0, StarInner,
        -Sin36, Cos36, -StarInner * Sin72, StarInner * Cos72,
        -Sin72, -Cos72, -StarInner * Sin36, -StarInner * Cos36,
    ];

    private static readonly double[] Arrow = [0, -1, 0.8, -0.1, 0.3, -0.1, 0.3, 0.9, -0.3, 0.9, -0.3, -0.1, -0.8, -0.1];

    private static readonly double[] Scales = [.. Enumerable.Range(0, Names.Count).Select(AreaScale)];

    /// <summary>
    /// Whether (x, y), in units in which every shape has area pi, lies inside shape <paramref name="kind"/>.
    /// </summary>
    public static bool Contains(int kind, double x, double y)
    {
        double scale = Scales[kind];
        return ContainsUnscaled(kind, x * scale, y * scale);
    }

    private static bool ContainsUnscaled(int kind, double x, double y)
    {
        double radius2 = x * x + y * y;
        return kind switch
        {
            0 => radius2 < 1,
            1 => radius2 < 1 && radius2 > 0.3,
            2 => radius2 < 1 && x * x + (y + 0.45) * (y + 0.45) > 0.5625,
            3 => InHeart(x, -y),
            4 => InPolygon(Triangle, x, y),
            5 => x > -1 && x < 1 && y > -1 && y < 1,
            6 => InPolygon(Hexagon, x, y),
            7 => InPolygon(Star, x, y),
            8 => (x > -0.34 && x < 0.34 && y > -1 && y < 1) || (y > -0.34 && y < 0.34 && x > -1 && x < 1),
            9 => InPolygon(Arrow, x, y),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, $"expected a shape in [0, {Names.Count})"),
        };
    }

    /// <summary>(x² + y² - 1)³ &lt; x² y³.</summary>
    private static bool InHeart(double x, double y)
    {
        double a = x * x + y * y - 1;
        return a * a * a < x * x * (y * y * y);
    }

    /// <summary>Even-odd rule along a ray to the right.</summary>
    private static bool InPolygon(double[] vertices, double x, double y)
    {
        bool inside = false;
        double x0 = vertices[^2];
        double y0 = vertices[^1];
        for (int i = 0; i < vertices.Length; i += 2)
        {
            double x1 = vertices[i];
            double y1 = vertices[i + 1];
            if ((y0 > y) != (y1 > y) && x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
                inside = !inside;
            (x0, y0) = (x1, y1);
        }

        return inside;
    }

    /// <summary>
    /// sqrt(area / pi) by counting on a fixed grid: the same sum on every machine, since counts are integers.
    /// </summary>
    private static double AreaScale(int kind)
    {
        const int steps = 512;
        const double half = 1.4;
        int inside = 0;
        for (int i = 0; i < steps; i++)
        {
            for (int j = 0; j < steps; j++)
            {
                double x = ((j + 0.5) / steps * 2 - 1) * half;
                double y = ((i + 0.5) / steps * 2 - 1) * half;
                inside += ContainsUnscaled(kind, x, y) ? 1 : 0;
            }
        }

        return Math.Sqrt(inside * (4 * half * half / ((double)steps * steps)) / Math.PI);
    }
}
