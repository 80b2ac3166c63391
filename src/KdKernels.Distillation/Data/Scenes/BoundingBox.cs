using System.Runtime.InteropServices;

namespace KdKernels.Distillation.Data;

/// <summary>
/// A box in pixels, edges rather than pixel numbers: pixel x covers [x, x + 1), so an object whose pixels run from 3 to
/// 7 has X0 = 3 and X1 = 8. y points down.
/// </summary>
/// <param name="X0">Left edge.</param>
/// <param name="Y0">Upper edge.</param>
/// <param name="X1">Right edge.</param>
/// <param name="Y1">Lower edge.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BoundingBox(double X0, double Y0, double X1, double Y1)
{
    public double Width => X1 - X0;

    public double Height => Y1 - Y0;

    /// <summary>0 for a box without an inside.</summary>
    public double Area => Math.Max(0, Width) * Math.Max(0, Height);

    /// <summary>Area that both boxes cover; boxes that touch share nothing.</summary>
    public double IntersectionWith(BoundingBox other) =>
        Math.Max(0, Math.Min(X1, other.X1) - Math.Max(X0, other.X0))
        * Math.Max(0, Math.Min(Y1, other.Y1) - Math.Max(Y0, other.Y0));

    /// <summary>Intersection over union, in [0, 1]; 0 where neither box has an inside.</summary>
    public double IouWith(BoundingBox other)
    {
        double intersection = IntersectionWith(other);
        double union = Area + other.Area - intersection;
        return union > 0 ? intersection / union : 0;
    }
}
